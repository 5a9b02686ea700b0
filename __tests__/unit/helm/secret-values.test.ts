// Texts of values that are hidden, by their names.
import { expect, test } from '@jest/globals';
import { secretsIn } from '../../../src/helm/secret-values.ts';

test('by the name of a field or of a variable, at any depth', () => {
  const values = `image: { tag: 1.2.3-long-enough }
auth: &auth
  adminPassword: correct-horse
  existingSecret: name-of-a-secret
database: { <<: *auth, tokens: { api_key: 0123456789abcdef } }
env:
  - { name: DB_PASSWORD, value: battery-staple }
  - { name: COLOUR, value: midnight-blue }
users: [{ credentials: [first-credential, second-credential] }]
short: { password: none }
number: { password: 1234567890 }
`;
  expect(secretsIn(values)).toEqual([
    'correct-horse',
    '0123456789abcdef',
    'battery-staple',
    'first-credential',
    'second-credential',
  ]);
});

test.each(['', '- a', 'a: "', 'text'])('%j has none', (values) => {
  expect(secretsIn(values)).toEqual([]);
});
