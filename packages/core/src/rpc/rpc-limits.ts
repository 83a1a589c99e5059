import type { RpcLimits } from './contract/rpc-driver.js'
import { assertInteger } from '../base/validation/assert-number.js'

/** Limits on what a peer can make this process hold in memory. */
export interface RpcLimitOptions {
  /**
   * Largest message in either direction, in bytes; at least 16 KiB.
   * @default 1 MiB
   */
  readonly maxMessageBytes?: number | undefined
  /**
   * Unread bytes that a peer may accumulate before its connection is closed.
   * @default 4 MiB, or four messages if `maxMessageBytes` is larger than the default
   */
  readonly maxUnreadBytes?: number | undefined
}

const DEFAULT_MESSAGE_BYTES = 1024 * 1024
/** An error reply must always fit. */
const MIN_MESSAGE_BYTES = 16 * 1024

/** Validates limits and fills in the defaults. */
export function resolveLimits(options: RpcLimitOptions): RpcLimits {
  const { maxMessageBytes = DEFAULT_MESSAGE_BYTES } = options
  assertInteger('maxMessageBytes', maxMessageBytes, MIN_MESSAGE_BYTES)
  const fourMessages = 4 * Math.max(maxMessageBytes, DEFAULT_MESSAGE_BYTES)
  const { maxUnreadBytes = Math.min(fourMessages, Number.MAX_SAFE_INTEGER) } = options
  assertInteger('maxUnreadBytes', maxUnreadBytes, maxMessageBytes)
  return { maxMessageBytes, maxUnreadBytes }
}
