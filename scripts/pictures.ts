// `npx node scripts/pictures.ts REPORT.json|COMMENT.md FOLDER`: a job summary, or a comment as it was posted, as GitHub shows it,
// light and dark, by a headless Chromium. PICTURE_WIDTH and PICTURE_HEIGHT are pixels; 375 wide is a telephone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import { marked } from 'marked';
import type { Report } from '../src/report/report.ts';
import { summaryOf } from '../src/report/summary.ts';

const themes = {
  light: {
    text: '#1f2328',
    muted: '#59636e',
    page: '#ffffff',
    line: '#d1d9e0',
    soft: '#f6f8fa',
    link: '#0969da',
  },
  dark: {
    text: '#f0f6fc',
    muted: '#9198a1',
    page: '#0d1117',
    line: '#3d444d',
    soft: '#151b23',
    link: '#4493f8',
  },
} as const;

/** Pixels: the column in which GitHub shows a summary, and as much of its height as a reader sees at once. */
const size = {
  width: Number(process.env['PICTURE_WIDTH'] ?? 1012),
  height: Number(process.env['PICTURE_HEIGHT'] ?? 560),
};

const page = (html: string, theme: (typeof themes)[keyof typeof themes]): string => `<!doctype html>
<meta charset="utf-8">
<style>
  body { margin: 0; padding: 24px; background: ${theme.page}; color: ${theme.text};
    font: 14px/1.5 "Liberation Sans", "Noto Color Emoji", sans-serif; }
  h2, h3 { line-height: 1.25; margin: 20px 0 12px; } h2 { font-size: 21px; margin-top: 0; border-bottom: 1px solid ${theme.line}; padding-bottom: 6px; }
  table { border-collapse: collapse; margin: 0 0 14px; display: block; width: max-content; max-width: 100%; overflow: auto; } th, td { border: 1px solid ${theme.line}; padding: 5px 9px; text-align: left; vertical-align: top; }
  thead:not(:has(th:not(:empty))) { display: none; }
  code { background: ${theme.soft}; border-radius: 6px; padding: 2px 5px; font: 12px "DejaVu Sans Mono", monospace; }
  a { color: ${theme.link}; text-decoration: none; } details { color: ${theme.muted}; }
</style>
${html}`;

const [source = '', folder = '.'] = process.argv.slice(2);
const given = readFileSync(source, 'utf8');
const markdown = source.endsWith('.json') ? summaryOf(JSON.parse(given) as Report) : given;
const html = await marked.parse(markdown, { gfm: true });
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-pictures-'));
mkdirSync(folder, { recursive: true });
try {
  for (const [name, theme] of Object.entries(themes)) {
    const file = join(scratch, `${name}.html`);
    writeFileSync(file, page(html, theme));
    const picture = resolve(folder, `${parse(source).name}-${name}.png`);
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${scratch}`,
    ];
    execFileSync(
      'chromium',
      [...flags, `--window-size=${size.width},${size.height}`, `--screenshot=${picture}`, `file://${file}`],
      { stdio: 'ignore' },
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
