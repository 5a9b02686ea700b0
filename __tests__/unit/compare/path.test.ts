// Paths of fields as the API server writes them.
import { expect, test } from '@jest/globals';
import { resolvePath } from '../../../src/compare/path.ts';

const object = {
  spec: {
    hostnames: ['a'],
    rules: [{ backendRefs: [{ name: 'x', prt: 1 }] }],
    template: { containers: [{ name: 'one' }, { name: 'two', image: 'i' }] },
    ports: [
      { port: 80, protocol: 'TCP' },
      { port: 80, protocol: 'UDP', name: 'n' },
    ],
    finalizers: ['a', 'b'],
  },
  metadata: { labels: { 'a.b/c': 'd' } },
};

test.each([
  ['spec.hostnames[0]', ['spec', 'hostnames', 0]],
  ['.spec.rules[0].backendRefs[0].prt', ['spec', 'rules', 0, 'backendRefs', 0, 'prt']],
  ['.spec.template.containers[name="two"].image', ['spec', 'template', 'containers', 1, 'image']],
  ['.spec.ports[port=80,protocol="UDP"].name', ['spec', 'ports', 1, 'name']],
  ['.spec.finalizers[="b"]', ['spec', 'finalizers', 1]],
  ['metadata.labels[a.b/c]', ['metadata', 'labels', 'a.b/c']],
  ['spec.rules[0].name', ['spec', 'rules', 0]],
  ['spec.hostnames[7]', ['spec', 'hostnames']],
  ['spec.toString', ['spec']],
  ['<nil>', []],
  ['', []],
])('%s', (text, path) => {
  expect(resolvePath(object, text)).toEqual(path);
});
