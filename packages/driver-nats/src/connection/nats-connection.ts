import { type DriverOptions, EngineLink } from '@cli-ops/shared-ipc/driver'

import { parseTarget, type Target } from './client-options.js'
import { connectToAny } from './connect.js'
import { engineError, JetStreamError, JS } from './engine-error.js'
import type { Answer, Wire } from './wire.js'

/** The connection on which a driver sends requests. */
export class NatsConnection {
  readonly target: Target
  readonly #link: EngineLink<Wire>

  /** @throws TypeError if the URL has an unsupported parameter */
  constructor(options: DriverOptions) {
    const { url, timeoutMs } = options
    this.target = parseTarget(url)
    this.#link = new EngineLink({
      timeoutMs,
      open: (signal, onEnd) => connectToAny(options, signal, onEnd),
      end: (wire) => {
        wire.end()
      },
      toError: (reason) => engineError(url, reason),
    })
  }

  /** Runs work over the connection. Rejects as `EngineLink.call` does. */
  call<T>(work: (wire: Wire) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#link.call(work, signal)
  }

  /** Sends a request. Rejects as `EngineLink.call` does. */
  request(
    subject: string,
    text: string | ((replyTo: string) => string),
    headers?: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return this.call((wire) => wire.request(subject, text, headers), signal)
  }

  /** Sends a message to a subject's listeners. Resolves to false if there are none. */
  say(subject: string, texts: readonly string[], signal?: AbortSignal): Promise<boolean> {
    return this.call((wire) => wire.say(subject, texts), signal)
  }

  /** Sends a message that can be lost. */
  hint(subject: string, text?: string): void {
    this.#link.client?.hint(subject, text)
  }

  /** Answers a request; its sender times out if the answer is lost. */
  answer(replyTo: string, text: string): void {
    this.call((wire) => {
      wire.hint(replyTo, text)
      return Promise.resolve()
    }).catch(() => undefined)
  }

  async connect(signal?: AbortSignal): Promise<Wire> {
    return this.#link.connect(signal)
  }

  close(): void {
    this.#link.close()
  }
}

/** Sends a JetStream request over a connection. */
export async function apiOn<T>(wire: Wire, of: string, what: object = {}): Promise<T> {
  const { isNobodyThere, text } = await wire.request(`$JS.API.${of}`, JSON.stringify(what))
  if (isNobodyThere)
    throw new JetStreamError(JS.notEnabled, 'JetStream is not enabled on the server')
  return parseAnswer<T>(text)
}

/** Parses a JetStream answer. @throws JetStreamError */
export function parseAnswer<T>(text: string): T {
  const answer = JSON.parse(text) as T & {
    readonly error?: { readonly err_code?: number; readonly description: string }
  }
  if (answer.error !== undefined)
    throw new JetStreamError(answer.error.err_code ?? 0, answer.error.description)
  return answer
}
