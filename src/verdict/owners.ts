// Whose job a code is, in words.
import type { Owner } from './codes.ts';

export const owners: Readonly<Record<Owner, string>> = {
  'app-team': 'the app team',
  'platform-team': 'the platform team',
  'dns-account': 'whoever runs the DNS account',
  'github-admin': 'whoever runs the GitHub repository',
  controller: 'nobody yet: the controller is at work',
  aws: 'nobody yet: AWS is at work',
  unknown: 'not known',
};
