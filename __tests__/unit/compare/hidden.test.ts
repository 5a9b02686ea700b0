// Which values of a change are hidden, and which stay readable.
import { expect, test } from '@jest/globals';
import { hide } from '../../../src/compare/hidden.ts';

test.each([
  ['Secret', '.data.password', 'Zmlyc3Q='],
  ['Secret', '.stringData', { a: 'first', b: { c: 'first' } }],
  ['Secret', '.data[tls.key]', 'Zmlyc3Q='],
  ['Deployment', '.spec.template.spec.containers[name="web"].env[name="DB_PASSWORD"].value', 'first'],
  ['Deployment', '.spec.template.spec.containers', [{ env: [{ name: 'API_TOKEN', value: 'first' }] }]],
  ['Deployment', '.spec.template.spec.containers[name="web"].args', ['--db-password=first', '--port=80']],
  ['ConfigMap', '.data.url', 'postgres://app:first@db/app'],
  ['ConfigMap', '.data.clientSecret', 'first'],
  ['ExternalThing', '.spec', { auth: { apiKey: 'first' } }],
])('%s %s shows nothing of the value', (kind, path, value) => {
  const shown = JSON.stringify(hide(kind, { path, from: value, to: value }));
  expect(shown).toContain('(hidden)');
  expect(shown).not.toMatch(/first|Zmlyc3Q=/);
});

test.each([
  ['Deployment', '.spec.template.spec.volumes[name="tls"].secret.secretName', 'web-tls'],
  ['Deployment', '.spec.template.spec.serviceAccountName', 'web'],
  ['Deployment', '.spec.template.spec.automountServiceAccountToken', false],
  ['Secret', '.metadata.labels.app', 'web'],
  ['Secret', '.type', 'Opaque'],
  ['ConfigMap', '.data.tokenTtl', '60'],
  ['Deployment', '.spec.template.spec.containers[name="web"].env[name="TOKEN_PATH"].value', '/var/run'],
])('%s %s stays readable', (kind, path, value) => {
  expect(hide(kind, { path, to: value })).toEqual({ path, to: value });
});

test('that one side was not there stays visible', () => {
  expect(hide('Secret', { path: '.data.a', to: 'x' })).toEqual({ path: '.data.a', to: '(hidden)' });
});
