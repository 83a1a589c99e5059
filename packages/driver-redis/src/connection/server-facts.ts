import type { NodeAddress } from './client-options.js'

/** What a server reports about itself. All of it is unknown if the user may not ask. */
export interface ServerFacts {
  /** `redis 7.0.15`, `valkey 8.0.1`; empty if unknown. */
  readonly version: string
  readonly majorVersion: number | undefined
  /** `WAITAOF` came with Redis 7.2. */
  readonly knowsWaitAof: boolean
  readonly mode: 'standalone' | 'cluster' | 'sentinel' | undefined
  /** A replica's primary. */
  readonly primary: NodeAddress | undefined
  readonly isReplica: boolean
  /** Number of connected replicas. */
  readonly replicas: number
  /** The eviction policy, if one is in force. */
  readonly eviction: string | undefined
  /** Whether there is an append-only file; undefined if unknown. */
  readonly isLogged: boolean | undefined
}

/** Parses a reply to `INFO`. */
export function parseServerFacts(info: string): ServerFacts {
  const facts = new Map(
    info.split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
  const valkey = facts.get('valkey_version')
  const redis = facts.get('redis_version')
  const policy = facts.get('maxmemory_policy')
  const isLimited = Number(facts.get('maxmemory') ?? 0) > 0
  const isReplica = facts.get('role') === 'slave'
  const logged = facts.get('aof_enabled')
  return {
    version:
      valkey === undefined ? (redis === undefined ? '' : `redis ${redis}`) : `valkey ${valkey}`,
    majorVersion: redis === undefined ? undefined : Number.parseInt(redis, 10),
    knowsWaitAof: isAtLeast(redis ?? '', 7, 2),
    mode: facts.get('redis_mode') as ServerFacts['mode'],
    primary: isReplica
      ? { host: facts.get('master_host') ?? '', port: Number(facts.get('master_port')) }
      : undefined,
    isReplica,
    replicas: Number(facts.get('connected_slaves') ?? 0),
    eviction: isLimited && policy !== 'noeviction' ? policy : undefined,
    isLogged: logged === undefined ? undefined : logged === '1',
  }
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = version.split('.').map(Number)
  return ofMajor > major || (ofMajor === major && ofMinor >= minor)
}
