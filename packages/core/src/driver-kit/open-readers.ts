import type { EventReader } from '../events/contract/event-driver.js'

/** A driver's open readers, which end with it. */
export class OpenReaders {
  readonly #open = new Set<EventReader>()

  /** @param create creates a reader that calls `forget` when it is closed */
  open(create: (forget: () => void) => EventReader): EventReader {
    const reader = create(() => {
      this.#open.delete(reader)
    })
    this.#open.add(reader)
    return reader
  }

  close(): void {
    for (const reader of [...this.#open]) reader.close()
  }
}
