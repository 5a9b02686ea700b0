// Stands for `node` on the runner of a fleet: an action that is for a cluster runs in the lab that is that cluster.
import { spawnSync } from 'node:child_process';
import { spawnInLab } from '../../lab/cluster/namespace.ts';

/** Folders of labs by the values file of their target, as JSON. */
const labs = JSON.parse(process.env['FLEET_LABS'] ?? '{}') as Readonly<Record<string, string>>;
const lab = labs[process.env['INPUT_VALUES-FILES'] ?? ''];
const args = process.argv.slice(2);

if (args.includes('console.log(process.execPath)')) {
  // act asks once where node is, and from then on starts what it was told.
  console.log(process.argv[1]);
} else if (lab === undefined) {
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} else {
  // With pipes: act gives a terminal, on which a lab's command is started by a shell that drops `INPUT_CLUSTER-NAME`.
  const { child, ended } = spawnInLab(lab, process.execPath, args);
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  process.exitCode = (await ended).code;
}
