import { clearTimeout, setTimeout } from '@cli-ops/shared-ipc/driver'

import type { Answer, Member } from './members.js'

/** Idle drivers answer within a few milliseconds. */
const PATIENCE_MS = 20
/** A driver that has not answered by then hangs. */
const LIMIT_MS = 300

/** What was found. */
export interface Findings {
  readonly live: readonly Member[]
  /** Connected to the broker, but silent. */
  readonly hung: readonly Member[]
  /** Known to others, but no longer connected. */
  readonly gone: readonly Member[]
}

/**
 * One query to all drivers. It completes when every driver known to those that answered has answered too, is found to
 * be gone, or has timed out.
 */
export class Inquiry {
  readonly #answers = new Map<string, Answer>()
  readonly #known = new Map<string, Member>()
  readonly #gone = new Set<string>()
  readonly #isThere: (driverId: string) => Promise<boolean>
  readonly #done: Promise<void>
  #finish: () => void = () => undefined
  #isTold = false
  #timers: NodeJS.Timeout[] = []

  /** @param isThere asks the broker whether a driver is connected */
  constructor(isThere: (driverId: string) => Promise<boolean>) {
    this.#isThere = isThere
    this.#done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  onAnswer(answer: Answer): void {
    this.#answers.set(answer.driverId, answer)
    if (answer.others !== undefined) this.#isTold = true
    for (const member of answer.others ?? []) this.#known.set(member.driverId, member)
    this.#check()
  }

  /** No driver is there to answer. */
  end(): void {
    this.#isTold = true
    this.#check()
  }

  async findings(): Promise<Findings> {
    this.#timers = [
      setTimeout(() => {
        this.#lookFor(this.#missing())
      }, PATIENCE_MS),
      setTimeout(this.#finish, LIMIT_MS),
    ]
    await this.#done
    for (const timer of this.#timers) clearTimeout(timer)
    const silent = [...this.#known.values()].filter(({ driverId }) => !this.#answers.has(driverId))
    return {
      live: [...this.#answers.values()].filter(({ records }) => records.length > 0),
      hung: silent.filter(({ driverId }) => !this.#gone.has(driverId)),
      gone: silent.filter(({ driverId }) => this.#gone.has(driverId)),
    }
  }

  #missing(): string[] {
    return [...this.#known.keys()].filter((id) => !this.#answers.has(id) && !this.#gone.has(id))
  }

  #check(): void {
    if (this.#isTold && this.#missing().length === 0) this.#finish()
  }

  #lookFor(driverIds: readonly string[]): void {
    for (const driverId of driverIds) {
      this.#isThere(driverId).then(
        (isThere) => {
          if (!isThere) this.#gone.add(driverId)
          this.#check()
        },
        () => undefined,
      )
    }
  }
}
