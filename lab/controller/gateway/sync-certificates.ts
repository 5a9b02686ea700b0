// The further certificates of a listener, beside its default one.
import {
  AddListenerCertificatesCommand,
  DescribeListenerCertificatesCommand,
  RemoveListenerCertificatesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Elb } from '../aws/elb.ts';

export async function syncCertificates(elb: Elb, listenerArn: string, certificates: string[]): Promise<void> {
  const [main, ...further] = certificates;
  if (!main) return;
  const { Certificates = [] } = await elb.send(
    new DescribeListenerCertificatesCommand({ ListenerArn: listenerArn }),
  );
  const known = Certificates.map((each) => each.CertificateArn).filter(
    (arn) => arn !== undefined && arn !== main,
  );
  for (const arn of further.filter((each) => !known.includes(each))) {
    await elb.send(
      new AddListenerCertificatesCommand({
        ListenerArn: listenerArn,
        Certificates: [{ CertificateArn: arn }],
      }),
    );
  }
  for (const arn of known.filter((each) => each !== undefined && !further.includes(each))) {
    await elb.send(
      new RemoveListenerCertificatesCommand({
        ListenerArn: listenerArn,
        Certificates: [{ CertificateArn: arn }],
      }),
    );
  }
}
