// Inside a lab nothing can be downloaded: what the examples fetch there has to be what the lab has fetched before.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { versions } from '../../../lab/tools/locations.ts';

test.each(['sample-app', 'platform'])(
  '%s fetches the version of the Gateway API that the lab has',
  (example) => {
    const script = readFileSync(
      join(import.meta.dirname, '../../../examples', example, 'fetch-crds.sh'),
      'utf8',
    );
    expect(/GATEWAY_API_VERSION:-v([\d.]+)/.exec(script)?.[1]).toBe(versions['gateway-api']);
  },
);
