import { anySignal } from '../base/wait/abort-signal.js'
import type { ClientConnection } from './client-connection.js'
import type { OutgoingRequest } from './pending-request.js'

/** Buffered values at which the client stops reading from the server. */
const MAX_BUFFERED = 64

/**
 * Sends a request on a separate connection, yields the values that its handler reports, then returns its result. The request starts at
 * the first `next()`. Leaving early cancels it.
 */
export async function* streamRequest<Value, Result>(
  request: OutgoingRequest,
  connect: () => Promise<ClientConnection>,
  closing: AbortSignal,
): AsyncGenerator<Value, Result, undefined> {
  closing.throwIfAborted()
  const left = new AbortController()
  const any = anySignal(left.signal, closing, request.signal)
  const connection = await connect()
  const values: unknown[] = []
  let end: { readonly result: Result } | { readonly error: unknown } | undefined
  let wake: (() => void) | undefined
  const onProgress = (value: unknown): void => {
    values.push(value)
    if (values.length >= MAX_BUFFERED) connection.pause()
    wake?.()
  }
  connection
    .request({ ...request, signal: any.signal, onProgress })
    .then(
      (result) => {
        end = { result: result as Result }
      },
      (error: unknown) => {
        end = { error }
      },
    )
    .finally(() => {
      // Even if the consumer never asks again: while reading is paused, a handler that awaits progress() would wait forever.
      connection.close()
      wake?.()
    })
  try {
    for (;;) {
      while (values.length > 0) {
        yield values.shift() as Value
        if (values.length === 0) connection.resume()
      }
      if (end !== undefined) break
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    if ('error' in end) throw end.error
    return end.result
  } finally {
    // Tells the server to stop if the consumer left the loop early.
    left.abort()
    any.stop()
    connection.close()
  }
}
