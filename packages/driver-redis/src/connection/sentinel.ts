import type { DriverOptions } from '@cli-ops/shared-ipc/driver'
import { Redis } from 'ioredis'

import { clientOptions, hostsOf, type NodeAddress } from './client-options.js'

/** Returns whether a URL names sentinels, which report where the primary is. */
export function namesSentinels({ protocol }: URL): boolean {
  return protocol.endsWith('+sentinel:')
}

/**
 * Asks the sentinels of the URL, one after another, where the primary is.
 *
 * @throws Error if none knows, with the last one's reply
 */
export async function askSentinels(options: DriverOptions): Promise<NodeAddress> {
  const [name = ''] = options.url.pathname.split('/').slice(1)
  if (name === '')
    throw new TypeError(
      'the path of a sentinel URL must begin with the name of the primary: /mymaster',
    )
  let failure: unknown
  for (const sentinel of hostsOf(options.url)) {
    try {
      const found = await ask(options, sentinel, decodeURIComponent(name))
      if (found !== undefined) return found
      failure = new Error(
        `the sentinel at ${sentinel.host}:${sentinel.port} knows no primary "${name}"`,
      )
    } catch (error) {
      failure = error
    }
  }
  throw failure instanceof Error ? failure : new Error('no sentinel answered')
}

async function ask(
  options: DriverOptions,
  sentinel: NodeAddress,
  name: string,
): Promise<NodeAddress | undefined> {
  // Most sentinels have no password, and such a sentinel refuses one.
  try {
    return await askAs({ ...options, credentials: () => NOBODY }, sentinel, name)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOAUTH')) throw error
    return askAs(options, sentinel, name)
  }
}

const NOBODY = { username: undefined, password: undefined }

async function askAs(
  options: DriverOptions,
  sentinel: NodeAddress,
  name: string,
): Promise<NodeAddress | undefined> {
  const client = new Redis(clientOptions(options, sentinel))
  client.on('error', () => undefined)
  client.on('connect', () => client.stream.unref())
  try {
    await client.connect()
    const reply = (await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as
      string[] | null
    return reply === null ? undefined : { host: String(reply[0]), port: Number(reply[1]) }
  } finally {
    client.disconnect()
    ;(client.stream as Redis['stream'] | undefined)?.destroy()
  }
}
