/**
 * Every code that a `CliOpsError` can have. The table is closed: `docs/reference/errors.md` lists the same codes with cause and
 * remedy, and a test keeps the two in sync.
 *
 * `retryable` tells whether the same call can succeed later without manual changes.
 */
export const ERROR_CODES = {
  /** The lock did not become free within `timeoutMs`. */
  LOCK_TIMEOUT: { retryable: true },
  /** The lock is held and the caller does not want to wait. */
  LOCK_HELD: { retryable: true },
  /** The lock was taken away (forced release, expired lease) before it was released. */
  LOCK_LOST: { retryable: false },
  /** Waiting would never end: the holder is this call's own flow, an ancestor process, or part of a cycle. */
  LOCK_DEADLOCK: { retryable: false },
  /** A newer waiter has taken this one's queue position. */
  LOCK_SUPERSEDED: { retryable: false },
  /** The joined run has ended; `details.exitCode` is its exit code, `null` if unknown. */
  RUN_JOINED: { retryable: false },
  /** No live instance of the named CLI answers requests. */
  NO_RESPONDER: { retryable: true },
  /** No reply before the deadline. The outcome of the request is unknown. */
  REQUEST_TIMEOUT: { retryable: false },
  /** The connection ended before the reply. The outcome of the request is unknown. */
  CONNECTION_LOST: { retryable: false },
  /** The responder's handler failed; `details` contains its JSON-RPC error. */
  REMOTE_ERROR: { retryable: false },
  /** A message, event or record breaks its format or schema. */
  INVALID_MESSAGE: { retryable: false },
  /** A message or event is larger than the limit. */
  MESSAGE_TOO_LARGE: { retryable: false },
  /** A group's handler has not finished an event within `handlerTimeoutMs`; it is still running. */
  HANDLER_TIMEOUT: { retryable: true },
  /** More events or requests than the limit allows. */
  RATE_LIMITED: { retryable: true },
  /** Events between the cursor and the oldest kept event have expired, or an engine lost them in a failover. */
  CURSOR_GAP: { retryable: false },
  /** A directory was created by another user, or others can read or change it; nothing was touched. */
  INSECURE_DIRECTORY: { retryable: false },
  /** The home directory cannot be used: read-only, full, not a directory. */
  STORAGE_FAILED: { retryable: true },
  /** The operation is not possible on this driver, platform or file system. */
  UNSUPPORTED: { retryable: false },
  /** The URL requires a driver package, or the driver a client library, that is not installed. */
  DRIVER_MISSING: { retryable: false },
  /** The engine behind the URL cannot be reached or refused the connection. */
  ENGINE_UNAVAILABLE: { retryable: true },
  /** The access key presented to a hub does not allow the operation. */
  FORBIDDEN: { retryable: false },
  /** The object was used after `close()`. */
  CLOSED: { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>

/** The code of a {@link CliOpsError}. */
export type ErrorCode = keyof typeof ERROR_CODES
