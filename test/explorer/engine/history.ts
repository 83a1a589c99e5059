/** One thing that a process did, and the result. */
export interface Deed {
  /** What it did: `rename /h/a /h/b`; `wake` for a timer. */
  readonly what: string
  readonly result?: unknown
  /** The code of the error that it got instead. */
  readonly error?: string
}

/**
 * All that one process has done. A process's code is deterministic, so its history is its whole state: equal histories
 * are the same object, with the same number.
 */
export class History {
  static #count = 0
  readonly number: number
  readonly length: number
  readonly #deed: Deed | undefined
  readonly #parent: History | undefined
  #children: Map<string, History> | undefined

  constructor(parent?: History, deed?: Deed) {
    this.number = History.#count++
    this.length = parent === undefined ? 0 : parent.length + 1
    this.#parent = parent
    this.#deed = deed
  }

  with(deed: Deed): History {
    const key = `${deed.what}\0${deed.error ?? ''}\0${JSON.stringify(deed.result)}`
    this.#children ??= new Map()
    let child = this.#children.get(key)
    if (child === undefined) {
      child = new History(this, deed)
      this.#children.set(key, child)
    }
    return child
  }

  deeds(): Deed[] {
    const deeds = this.#parent?.deeds() ?? []
    if (this.#deed !== undefined) deeds.push(this.#deed)
    return deeds
  }
}
