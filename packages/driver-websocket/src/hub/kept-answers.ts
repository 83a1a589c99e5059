import { CliOpsError } from '@cli-ops/shared-ipc/driver'

const MAX_CHARACTERS = 1024 * 1024

interface Answer {
  readonly result: Promise<unknown>
  /** Characters of JSON; undefined while it runs. */
  size: number | undefined
}

/**
 * Answers to a session's requests that must not be done twice, by the number that the client gave each. A request
 * repeated over the next connection gets the first answer.
 */
export class KeptAnswers {
  readonly #maxAnswers: number
  readonly #answers = new Map<number, Answer>()
  /** The highest number whose answer was dropped. */
  #dropped = 0
  #characters = 0

  /** @param maxAnswers how many requests can be in flight: no more answers can be lost with a connection */
  constructor(maxAnswers: number) {
    this.#maxAnswers = maxAnswers
  }

  /** Runs a request, or returns its previous result. @throws CliOpsError `CONNECTION_LOST` if that is no longer known */
  once(request: number, run: () => unknown): Promise<unknown> {
    const known = this.#answers.get(request)
    if (known !== undefined) return known.result
    if (request <= this.#dropped) {
      const message = 'the answer is no longer kept; the outcome is unknown'
      return Promise.reject(new CliOpsError('CONNECTION_LOST', message))
    }
    const result = (async () => run())()
    const answer: Answer = { result, size: undefined }
    this.#answers.set(request, answer)
    const settle = (value: unknown): void => {
      answer.size = (JSON.stringify(value) ?? '').length
      this.#characters += answer.size
      this.#trim()
    }
    result.then(settle, () => {
      settle(undefined)
    })
    return result
  }

  #trim(): void {
    for (const [request, { size }] of this.#answers) {
      if (this.#answers.size <= this.#maxAnswers && this.#characters <= MAX_CHARACTERS) return
      if (size === undefined) continue
      this.#dropped = Math.max(this.#dropped, request)
      this.#answers.delete(request)
      this.#characters -= size
    }
  }
}
