import { watchEnd } from '../../../base/process/life-file.js'
import { parseIdentity } from '../../../base/process/process-identity.js'

/** Each takes an inotify watch of the user, who has a limited number. */
const MAX_WATCHES = 100
/** A command opens its life file only when it subscribes, long after it has registered. */
const MAX_TRIES = 3

interface Watched {
  watcher: { close(): void } | undefined
  tries: number
}

/** Watches by which the kernel tells that other processes end, one for each. */
export class EndWatches {
  readonly #listener: () => void
  readonly #watched = new Map<string, Watched>()

  /** @param listener called when one of the processes has ended, or is about to */
  constructor(listener: () => void) {
    this.#listener = listener
  }

  /** Watches these processes and no others; returns false if one of them cannot be watched, and has to be polled. */
  set(identities: ReadonlySet<string>): boolean {
    for (const text of this.#watched.keys()) if (!identities.has(text)) this.#forget(text)
    let areAllWatched = true
    for (const text of identities) if (!this.#isWatched(text)) areAllWatched = false
    return areAllWatched
  }

  close(): void {
    for (const text of this.#watched.keys()) this.#forget(text)
  }

  #isWatched(text: string): boolean {
    let watched = this.#watched.get(text)
    if (watched === undefined) {
      if (this.#watched.size >= MAX_WATCHES) return false
      this.#watched.set(text, (watched = { watcher: undefined, tries: 0 }))
    }
    if (watched.watcher === undefined && watched.tries < MAX_TRIES) this.#arm(text, watched)
    return watched.watcher !== undefined
  }

  #arm(text: string, watched: Watched): void {
    watched.tries += 1
    const identity = parseIdentity(text)
    if (identity === undefined) return
    watched.watcher = watchEnd(identity, () => {
      watched.watcher?.close()
      watched.watcher = undefined
      if (this.#watched.get(text) === watched) this.#listener()
    })
  }

  #forget(text: string): void {
    this.#watched.get(text)?.watcher?.close()
    this.#watched.delete(text)
  }
}
