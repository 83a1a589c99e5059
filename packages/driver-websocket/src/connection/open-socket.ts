import { lookup, type LookupAddress } from 'node:dns'
import { isIP, connect as connectTcp, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { CliOpsError, describeEngine, type DriverOptions } from '@cli-ops/shared-ipc/driver'
import { WebSocket } from 'ws'

import { isLoopback } from '../loopback.js'
import { SUBPROTOCOL } from '../protocol/protocol.js'

const PORTS: Readonly<Record<string, number>> = { 'ws:': 80, 'wss:': 443 }
/** Far above what a hub sends in one frame: it splits long messages. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/**
 * Starts to connect to a hub. The socket keeps no process alive.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` without an access key, or if the key would leave this machine unencrypted
 */
export function openSocket(options: DriverOptions): WebSocket {
  const { url, timeoutMs } = options
  const accessKey = accessKeyOf(options)
  const isSecure = url.protocol === 'wss:'
  const host = url.hostname.replace(/^\[(.*)\]$/u, '$1')
  if (!isSecure && isIP(host) !== 0 && !isLoopback(host)) throw plainTextError(url, host)
  return new WebSocket(url, [SUBPROTOCOL], {
    createConnection: () => {
      const port = url.port === '' ? PORTS[url.protocol] : Number(url.port)
      const address = { host, port: port ?? 0 }
      const socket: Socket = isSecure
        ? connectTls({
            ...address,
            // Server name indication does not allow an address (RFC 6066); it is still compared with the certificate.
            ...(isIP(host) === 0 && { servername: host }),
            ...options.tls(),
            ALPNProtocols: ['http/1.1'],
          })
        : connectTcp({ ...address, lookup: lookupLoopback(url) })
      return socket.setNoDelay(true).unref()
    },
    headers: { authorization: `Bearer ${accessKey}` },
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: timeoutMs,
  })
}

function accessKeyOf({ url, credentials }: DriverOptions): string {
  const { password } = credentials()
  // An access key has only characters that are valid in a header.
  if (password !== undefined && /^[\x21-\x7e]{1,1024}$/u.test(password)) return password
  const what =
    password === undefined ? 'needs an access key' : 'needs an access key of printable characters'
  throw new CliOpsError(
    'FORBIDDEN',
    `${describeEngine(url)} ${what}: set CLI_OPS_TOKEN, or CLI_OPS_TOKEN_FILE to the path of a file that holds it`,
  )
}

/** A name counts as this machine only if all its addresses are loopback addresses. */
function lookupLoopback(url: URL): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const foreign = error === null ? addresses.find(({ address }) => !isLoopback(address)) : null
      const [first] = addresses ?? []
      if (error !== null) callback(error, '')
      else if (foreign !== undefined && foreign !== null)
        callback(plainTextError(url, foreign.address), '')
      else if (options.all === true) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}

function plainTextError(url: URL, address: string): CliOpsError {
  return new CliOpsError(
    'ENGINE_UNAVAILABLE',
    `${describeEngine(url)} would send the access key unencrypted over the network (${address} is not this machine); use wss://`,
  )
}
