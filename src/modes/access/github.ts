// GitHub as a run speaks to it: with the token that it was given, which is masked before its first use.
import { type GitHub, gitHub } from '../../github/api.ts';
import type { Run } from '../../run.ts';

/** For the run's own repository unless another is given; `undefined` without a token. */
export function gitHubOf(
  { inputs, environment, runner, clock }: Run,
  repository = environment.repository,
): GitHub | undefined {
  const { token } = inputs.preview;
  if (token === undefined) return undefined;
  runner.mask(token);
  return gitHub({ token, url: environment.api, repository, clock });
}
