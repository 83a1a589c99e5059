import {
  decodeLockState,
  type LockInfo,
  type LockMode,
  type Owner,
  parseJson,
} from '@cli-ops/shared-ipc/driver'

import type { StoredMessage } from '../store/stream.js'

/** Bits of a token below the milliseconds of its store's creation time: more than any server stores in one millisecond. */
const STORE_BITS = 22n
const Y2024 = Date.UTC(2024, 0, 1)

/** A request for a lock, as it is stored. */
export interface Claim {
  readonly id: string
  readonly resource: string
  readonly mode: LockMode
  readonly leaseMs: number
  /** The driver to notify. */
  readonly driver: string
  /** JSON of `encodeLockInfo`. */
  readonly info: string
  readonly held: readonly string[]
  /** A hub waits for its client, which can ask again through the next hub. */
  readonly relayed?: boolean
}

/** A claim that holds the lock. */
export interface Holder extends Claim {
  readonly token: bigint
  /** When it was granted, by the server's clock. */
  readonly at: number
}

/** The holders of a lock, and the message that stores them. */
export interface LockDocument {
  /** 0 if there is none. */
  readonly seq: number
  readonly holders: readonly Holder[]
}

/** A holder as it is stored. If this very message granted the lock, it supplies both token and time. */
type StoredHolder = Claim & { readonly token?: string; readonly at?: number }

/** Returns the token of a grant. It is above all tokens of a store created earlier, and below 2 to the power of 63. */
export function tokenOf(createdAt: number, seq: number): bigint {
  return (BigInt(createdAt - Y2024) << STORE_BITS) + BigInt(seq)
}

export function readDocument(message: StoredMessage | undefined, createdAt: number): LockDocument {
  if (message === undefined) return { seq: 0, holders: [] }
  const { seq, at } = message
  const stored = parseJson(message.text) as readonly StoredHolder[]
  const holders = stored.map((holder) => ({
    ...holder,
    token: holder.token === undefined ? tokenOf(createdAt, seq) : BigInt(holder.token),
    at: holder.at ?? at,
  }))
  return { seq, holders }
}

/** Serialises the holders of a lock, and the one added by this message. */
export function writeDocument(holders: readonly Holder[], added?: Claim): string {
  const stored = holders.map((holder) => ({ ...holder, token: String(holder.token) }))
  return JSON.stringify(added === undefined ? stored : [...stored, added])
}

/** Converts a lock's state; null if it has neither holders nor waiters. */
export function toLockInfo(
  resource: string,
  holders: readonly Holder[],
  waiters: readonly (Claim & { readonly at: number })[],
  state: Owner['state'] = 'running',
): LockInfo | null {
  const shown = ({ id, info, mode, at }: Claim & { readonly at: number }) => ({
    ...(JSON.parse(info) as object),
    id,
    mode: mode === 'shared' ? 's' : 'x',
    since: at,
  })
  const stored = {
    resource,
    holders: holders.map((holder) => ({ ...shown(holder), token: String(holder.token) })),
    waiters: waiters.map(shown),
  }
  return decodeLockState(JSON.stringify(stored), state)
}
