// `npx node scripts/sbom.ts`: the packages that dist is made of, as CycloneDX; npm lists all, what only the tests need is taken out.
// (`npm sbom --omit dev` of npm 11 also drops packages that both the action and a test's package need, such as undici.)
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly scope?: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** CycloneDX 1.5, as far as it is read here. */
export interface Sbom {
  readonly bomFormat: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const isBundled = ({ scope, properties = [] }: Component): boolean =>
  scope !== 'optional' &&
  !properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

/** Without the packages of development and of one platform, and without mention of them. */
function bundledOf(sbom: Sbom): Sbom {
  const gone = new Set(sbom.components.filter((each) => !isBundled(each)).map((each) => each['bom-ref']));
  return {
    ...sbom,
    components: sbom.components.filter(isBundled),
    dependencies: sbom.dependencies
      .filter(({ ref }) => !gone.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => !gone.has(each)) })),
  };
}

if (import.meta.main) {
  const cwd = join(import.meta.dirname, '..');
  const options = { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const all = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], options);
  console.log(JSON.stringify(bundledOf(JSON.parse(all) as Sbom), null, 2));
}
