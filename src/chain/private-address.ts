// Addresses that only a runner inside the VPC can reach: those of an internal load balancer.

/** IPv4 text inside RFC 1918 or RFC 6598 space. */
const isPrivateAddress = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(address);

/** What to do when an address does not answer. */
export const unreachableHint = (address: string): string =>
  isPrivateAddress(address)
    ? `${address} is a private address: the load balancer is internal, so the run needs a runner inside its network.`
    : 'Check that the load balancer is active, that its security group admits port 443 from the runner, and that the listener is there.';
