import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Returns whether only this machine reaches an IP address. False for names. */
export function isLoopback(address: string): boolean {
  const family = isIP(address)
  // A block list of IPv4 addresses also matches their IPv6 form: `::ffff:127.0.0.1`.
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
