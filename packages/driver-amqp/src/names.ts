import { createHash } from 'node:crypto'

/** AMQP's limit for the names of queues and exchanges, in bytes. */
const MAX_NAME_BYTES = 255

/**
 * The queues and exchanges of one namespace, as a broker shows them: `cli-ops.<namespace>.events`. Callers' names are
 * encoded, so that no namespace or group can pass for another one; a name that is too long becomes a digest.
 */
export class Names {
  readonly #prefix: string

  constructor(namespace: string) {
    this.#prefix = `cli-ops.${encode(namespace, 80)}.`
  }

  /** Stream of the events. */
  get log(): string {
    return `${this.#prefix}events`
  }

  /** Queue that holds the cursor of a group. */
  group(name: string): string {
    const head = `${this.#prefix}group.`
    return head + encode(name, MAX_NAME_BYTES - head.length)
  }

  /** Queue that reaches one driver. */
  inbox(driverId: string): string {
    return `${this.#prefix}to.${driverId}`
  }

  /** Exchange that reaches every registered driver. */
  get registry(): string {
    return `${this.#prefix}registry`
  }
}

function encode(name: string, maxLength: number): string {
  // A dot would end the part. URL encoding leaves only ASCII unescaped: a letter is a byte.
  const encoded = encodeURIComponent(name).replaceAll('.', '%2E')
  if (encoded.length <= maxLength) return encoded
  // No encoded name is a tilde followed by its own digest.
  return `~${createHash('sha256').update(name).digest('hex')}`
}
