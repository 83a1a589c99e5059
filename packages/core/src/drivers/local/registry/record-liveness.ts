import { judgeLiveness, type Liveness } from '../../../base/process/liveness.js'
import { parseIdentity } from '../../../base/process/process-identity.js'
import type { Home } from '../home/home.js'

/** Judges the processes behind records, each one once: a process can have many records. */
export class RecordLiveness {
  readonly #judged = new Map<string, Liveness>()
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
  }

  /** Judges an identity as it appears in a file's name. A damaged one proves nothing about any process. */
  of({ identityText }: { readonly identityText: string }): Liveness {
    let liveness = this.#judged.get(identityText)
    if (liveness === undefined) {
      const identity = parseIdentity(identityText)
      liveness =
        identity === undefined
          ? 'unknown'
          : judgeLiveness(identity, {
              localFileSystem: this.#home.isLocal,
              sockets: this.#home.sockets,
            })
      this.#judged.set(identityText, liveness)
    }
    return liveness
  }
}
