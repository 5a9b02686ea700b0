// Puts an AWS failure into the words of the Go SDK, which is what the real controller's events and conditions show.
interface ServiceFailure {
  name: string;
  message: string;
  Code?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string };
}

const isServiceFailure = (error: unknown): error is ServiceFailure =>
  error instanceof Error && '$metadata' in error;

/** `modeled`: the service's API names this error, so the Go SDK has a type for it and leaves out the words "api error". */
export function inGoWords(service: string, operation: string, error: unknown, modeled = false): Error {
  const start = `operation error ${service}: ${operation}`;
  if (isServiceFailure(error) && error.$metadata?.httpStatusCode !== undefined) {
    const code = error.Code ?? error.name;
    const failure = `${modeled ? '' : 'api error '}${code}: ${error.message}`;
    const { httpStatusCode, requestId } = error.$metadata;
    return new Error(
      `${start}, https response error StatusCode: ${httpStatusCode}, RequestID: ${requestId ?? ''}, ${failure}`,
      { cause: error },
    );
  }
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    const without =
      'no EC2 IMDS role found, operation error ec2imds: GetMetadata, access disabled to EC2 IMDS via client option, or "AWS_EC2_METADATA_DISABLED" environment variable';
    return new Error(
      `${start}, get identity: get credentials: failed to refresh cached credentials, ${without}`,
      { cause: error },
    );
  }
  const words = error instanceof Error ? error.message : String(error);
  return new Error(
    `${start}, https response error StatusCode: 0, RequestID: , request send failed, ${words}`,
    { cause: error },
  );
}
