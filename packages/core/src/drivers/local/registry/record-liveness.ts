import { judgeLiveness, type Liveness } from '../../../process/liveness.js'
import { identityOf, type RecordFileName } from './record-file-name.js'

/** Judges the processes behind records, each one once: a process may have many records. */
export class RecordLiveness {
  readonly #judged = new Map<string, Liveness>()
  readonly #localFileSystem: () => boolean

  constructor(localFileSystem: () => boolean) {
    this.#localFileSystem = localFileSystem
  }

  of(file: RecordFileName): Liveness {
    let liveness = this.#judged.get(file.identityText)
    if (liveness === undefined) {
      const identity = identityOf(file)
      liveness =
        identity === undefined
          ? 'unknown'
          : judgeLiveness(identity, { localFileSystem: this.#localFileSystem() })
      this.#judged.set(file.identityText, liveness)
    }
    return liveness
  }
}
