// Entry of main and post: signals first, then the run, then the exit code. Nothing is imported above: loading is most of
// the start-up, and a signal that comes meanwhile would end us without a summary.
const cancel = new AbortController();

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second signal means that somebody is tired of waiting.
    if (cancel.signal.aborted) process.exit(1);
    process.stdout.write(`${name} received: writing the summary, ending what runs\n`);
    process.on('uncaughtException', (error: Error & { code?: unknown }) => {
      // Nothing may end us now before the summary is written. A connection that is closed under a cut request raises an
      // error for which nobody listens any more (undici 8, HTTP/2); whatever else comes is a bug, and told as one.
      process.exitCode = 1;
      if (error.code !== 'UND_ERR_DESTROYED') console.error(error);
    });
    cancel.abort(new DOMException('The run was cancelled', 'AbortError'));
  });
}

const { main } = await import(/* webpackMode: "eager" */ './main.ts');
process.exitCode = await main(cancel.signal);
