// Runs come late, twice and out of order: what has happened to the pull request since the event that started this one.
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import { type PreviewOf, pullNow } from './pull-request.ts';

/**
 * `closed`: its teardown has been, or this very run took its place in the queue. `pushed`: a newer commit has a run of its
 * own. Where GitHub does not say, nothing has happened.
 */
export async function overtaken(run: Run, of: PreviewOf): Promise<'closed' | 'pushed' | undefined> {
  const { pull } = of;
  const now = await pullNow(run, of);
  if (now === undefined) return undefined;
  if (now.closed) {
    say(
      run,
      `Pull request #${pull.number} is closed by now: its preview is removed.`,
      'Reopen it to get its preview back.',
    );
    return 'closed';
  }
  const later = now.updatedAt !== undefined && pull.updatedAt !== undefined && now.updatedAt > pull.updatedAt;
  if (!later || now.sha === pull.headSha) return undefined;
  say(
    run,
    `Pull request #${pull.number} has commit ${now.sha.slice(0, 7)} by now; this run was for ${pull.headSha.slice(0, 7)}.`,
    'Nothing has to be done: the newer commit has a run of its own.',
  );
  return 'pushed';
}

/** A teardown that comes late, or is run again by hand, must not take a preview that was asked for after it. */
export async function reopened(run: Run, of: PreviewOf): Promise<boolean> {
  if (of.pull.action !== 'closed' || (await pullNow(run, of))?.closed !== false) return false;
  const hint = 'Nothing has to be done. It is removed when the pull request is closed.';
  say(run, `Pull request #${of.pull.number} is open again: its preview stays.`, hint);
  return true;
}

function say({ draft }: Run, message: string, hint: string): void {
  draft.findings([finding('notice', 'preview/overtaken', message, { hint })]);
}
