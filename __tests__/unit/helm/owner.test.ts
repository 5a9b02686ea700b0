// Whose a release is.
import { expect, test } from '@jest/globals';
import { bundleLabel, whyNotOurs } from '../../../src/helm/owner.ts';
import { revisionOf } from '../../../src/helm/stored.ts';

const revision = (chart: string, owner?: string) =>
  revisionOf(
    { chart: { metadata: { name: chart, version: '1.0.0' } } },
    owner === undefined ? {} : { [bundleLabel]: owner },
  );

test.each<[string, string, string | undefined, string | undefined]>([
  ['of our chart, by plain helm', 'web', undefined, undefined],
  ['of ours', 'web', 'ours', undefined],
  ['of ours, whose chart has another name by now', 'shop', 'ours', undefined],
  ['of another chart', 'shop', undefined, 'it is of the chart shop 1.0.0, not of web'],
  ['of a chart whose name only begins like ours', 'web-admin', undefined, 'it is of the chart web-admin'],
  [
    'of another repository with a chart of the same name',
    'web',
    'theirs',
    'another repository, or another folder of this one, keeps it (eks-gateway-action/bundle: theirs)',
  ],
])('%s', (_what, chart, owner, why) => {
  const said = whyNotOurs(revision(chart, owner), { name: 'web' }, 'ours');
  if (why === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(why);
});
