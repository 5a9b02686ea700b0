// Entry of main and post: signals first, then the run, then the exit code.
import * as core from '@actions/core';

const cancel = new AbortController();

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second signal means that somebody is tired of waiting.
    if (cancel.signal.aborted) process.exit(1);
    core.info(`${name} received: writing the summary, ending what runs`);
    cancel.abort(new DOMException('The run was cancelled', 'AbortError'));
  });
}

const { main } = await import(/* webpackMode: "eager" */ './run.ts');
process.exitCode = await main(cancel.signal);
