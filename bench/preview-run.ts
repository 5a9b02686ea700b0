// Inside a lab: installs the example, opens one preview, and pushes to it again and again.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ActionResult, runAction } from '../lab/runner.ts';
import { prepareSample } from '../lab/sample.ts';
import type { Report } from '../src/report/report.ts';

/** What it writes to standard output, as its last line: one for each push. */
export interface Push {
  /** Of the whole process. */
  readonly seconds: number;
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
}

const [rounds = '5', workspace = ''] = process.argv.slice(2);

const app = (version: number): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'nginx:1.${version}', ports: [{ name: http, containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  hostnames: [web.example.com]
  parentRefs: [{ name: public, namespace: infra }]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
`;

const live = ({ code, log, report }: ActionResult): Report => {
  if (code !== 0 || report === undefined) throw new Error(`the run ended with ${code}:\n${log}`);
  return JSON.parse(report) as Report;
};

async function push(version: number): Promise<Push> {
  writeFileSync(join(workspace, 'app.yaml'), app(version));
  const sha = version.toString(16).padStart(40, '0');
  const repository = { id: 424242, full_name: 'example-org/sample-app' };
  const head = { sha, ref: 'feature', repo: repository };
  const payload = {
    action: 'synchronize',
    pull_request: { number: 1, head, base: { ref: 'main', repo: repository } },
  };
  const result = await runAction({
    workspace,
    action: 'preview',
    event: { name: 'pull_request', payload },
    inputs: {
      'preview-domain': 'preview.example.com',
      'preview-gateway': 'infra/public/https',
      'github-token': 'lab-github-token-0004',
    },
  });
  return { seconds: result.seconds, phases: live(result).phases };
}

mkdirSync(workspace, { recursive: true });
prepareSample(workspace, process.env['LAB_DIR'] ?? '');
const inputs = { namespace: 'infra', 'create-namespace': 'true', 'values-files': 'infra/environment.yaml' };
live(await runAction({ workspace, inputs }));
rmSync(workspace, { recursive: true, force: true });
mkdirSync(workspace);
await push(0);
const pushes: Push[] = [];
for (let round = 1; round <= Number(rounds); round += 1) pushes.push(await push(round));
process.stdout.write(`${JSON.stringify(pushes)}\n`);
