import {
  CliOpsError,
  describeEngine,
  type DriverOptions,
  isCliOpsError,
  monotonicMs,
  outlasts,
} from '@cli-ops/shared-ipc/driver'
import { Redis } from 'ioredis'

import { clientOptions, databaseOf, isEncrypted, type NodeAddress } from './client-options.js'
import { clusterNodes } from './cluster-nodes.js'
import { engineError } from './engine-error.js'
import type { NodeLocation } from './node-location.js'
import { askSentinels, namesSentinels } from './sentinel.js'
import { parseServerFacts, type ServerFacts } from './server-facts.js'

/** A connection to a node that takes writes. */
export interface RedisNode {
  readonly client: Redis
  /** What the server has reported about itself. */
  readonly facts: ServerFacts
}

/** Earlier versions lack commands that the scripts need. */
const OLDEST_VERSION = 7

/**
 * Connects to the first usable candidate, and moves all of the driver's connections there.
 *
 * @param onEnd called when the connection has ended, or the driver has moved
 */
export async function connectToPrimary(
  options: DriverOptions,
  location: NodeLocation,
  signal: AbortSignal,
  onEnd: () => void,
): Promise<RedisNode> {
  const deadline = monotonicMs() + options.timeoutMs
  const tried: NodeAddress[] = []
  let failure: unknown
  for (;;) {
    signal.throwIfAborted()
    const next = await candidate(options, location, tried).catch((error: unknown) => {
      failure ??= error
    })
    if (next === undefined) throw failure
    tried.push(next)
    const left = location.candidates.length - tried.length + 1
    const timeoutMs = (deadline - monotonicMs()) / Math.max(1, left)
    try {
      return await connectTo(next, { ...options, timeoutMs }, location, signal, onEnd)
    } catch (error) {
      // Every candidate would fail in the same way.
      if (isCliOpsError(error)) throw error
      // The first one is the configured one.
      failure ??= error
    }
  }
}

/** Ends the connection immediately: an orderly end waits for a server that might not answer. */
export function endNow({ client }: Pick<RedisNode, 'client'>): void {
  client.disconnect()
  // Before the socket is created this is undefined, whatever the types say.
  ;(client.stream as Redis['stream'] | undefined)?.destroy()
}

/** Returns the next node to try: the primary that the sentinels report, or a node not tried yet. */
async function candidate(
  options: DriverOptions,
  location: NodeLocation,
  tried: readonly NodeAddress[],
): Promise<NodeAddress | undefined> {
  if (namesSentinels(options.url)) return tried.length > 0 ? undefined : askSentinels(options)
  return location.candidates.find(
    ({ host, port }) => !tried.some((one) => one.host === host && one.port === port),
  )
}

async function connectTo(
  address: NodeAddress,
  options: DriverOptions,
  location: NodeLocation,
  signal: AbortSignal,
  onEnd: () => void,
): Promise<RedisNode> {
  const { url, timeoutMs } = options
  const client = new Redis(clientOptions(options, address))
  const abort = (): void => {
    endNow({ client })
  }
  signal.addEventListener('abort', abort, { once: true })
  // Callers waiting for the connection get the error; the library would throw it at the process.
  let failure: unknown
  client.on('error', (error: unknown) => {
    failure ??= error
  })
  client.on('connect', () => client.stream.unref())
  try {
    const ready = prepare(client, url, location)
    if (await outlasts(ready, timeoutMs))
      throw new Error(
        `no answer within ${Math.round(timeoutMs)} ms; check its host and port, and whether it uses TLS`,
      )
    const node = { client, facts: await ready }
    if (client.status !== 'ready') throw new Error('the connection ended')
    // All of a driver's connections go to one node: the others follow.
    location.move(address)
    const stay = location.onMove(() => {
      endNow(node)
      onEnd()
    })
    client.once('close', () => {
      stay()
      onEnd()
    })
    return node
  } catch (error) {
    endNow({ client })
    // "Connection is closed" says less than the error before it.
    const reason = toldClearly(url, failure ?? error)
    const known = engineError(url, reason)
    throw known.code === 'ENGINE_UNAVAILABLE' ? reason : known
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The client library's words for a server that does not speak Redis's protocol. */
const FOREIGN = /^Protocol error, got/u
/** A full server ends a connection, often before the client library has read why. */
const CUT = /^(?:Connection is closed|Stream isn't writeable)|ECONNRESET|EPIPE/u

function toldClearly(url: URL, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const isForeign = FOREIGN.test(error.message)
  if (!isForeign && !CUT.test(error.message)) return error
  const reason = isForeign
    ? 'it does not answer as Redis does'
    : 'it ended the connection; it may have as many clients as its maxclients allows'
  const [has, other] = isEncrypted(url)
    ? ['with TLS? Without TLS', 'redis://']
    : ['without TLS? With TLS', 'rediss://']
  return new Error(`${reason}; is it Redis ${has}, its URL begins with ${other}`)
}

async function prepare(client: Redis, url: URL, location: NodeLocation): Promise<ServerFacts> {
  await client.connect()
  // A user who may not call INFO learns of a wrong server from the first command.
  const facts = parseServerFacts(await client.info().catch(() => ''))
  assertUsable(facts, url, location)
  const database = databaseOf(url)
  // If this database does not exist, the library would continue in database 0.
  if (database !== 0) await client.select(database)
  if (facts.mode === 'cluster') location.remember(await clusterNodes(client))
  return facts
}

function assertUsable(
  { mode, majorVersion, version, isReplica, primary }: ServerFacts,
  url: URL,
  location: NodeLocation,
): void {
  const name = describeEngine(url)
  if (mode === 'sentinel')
    throw new CliOpsError(
      'UNSUPPORTED',
      `${name} is a sentinel, which stores nothing itself: use redis+sentinel://host:port/<name of the primary>`,
    )
  if (majorVersion !== undefined && majorVersion < OLDEST_VERSION)
    throw new CliOpsError(
      'UNSUPPORTED',
      `${name} is ${version}: Redis ${OLDEST_VERSION} or Valkey is needed`,
    )
  if (!isReplica || mode === 'cluster') return
  if (primary !== undefined && primary.host !== '') location.remember([primary])
  throw new Error(
    `READONLY it is a replica of ${primary?.host}:${primary?.port}; name the primary, all hosts (redis://one,other), or the sentinels`,
  )
}
