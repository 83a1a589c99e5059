import { createHash } from 'node:crypto'

/** AMQP's limit for the names of queues and exchanges, in bytes. */
const MAX_NAME_BYTES = 255

/**
 * The queues and exchanges of one namespace, as a broker shows them: `cli-ops.<namespace>.events`. What callers name is
 * encoded, so that no namespace or group can read as another one; what is too long for a name is shortened to a digest.
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

  /** Queue on which one driver is reached. */
  inbox(driverId: string): string {
    return `${this.#prefix}to.${driverId}`
  }

  /** Exchange that reaches every registered driver. */
  get registry(): string {
    return `${this.#prefix}registry`
  }
}

function encode(name: string, maxLength: number): string {
  // A dot would end the part. What URLs leave as it is, is ASCII: a letter is a byte.
  const encoded = encodeURIComponent(name).replaceAll('.', '%2E')
  if (encoded.length <= maxLength) return encoded
  // No encoded name has a tilde followed by a digest of its own.
  return `~${createHash('sha256').update(name).digest('hex')}`
}
