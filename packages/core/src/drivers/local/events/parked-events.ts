import { join } from 'node:path'

import { debug } from '../../../base/terminal/message.js'
import type { ParkedEvent } from '../../../events/contract/parked-event.js'
import type { Cursor, EventEnvelope } from '../../../events/contract/event-types.js'
import { decodeFileName, encodeFileName } from '../../../base/names/file-name.js'
import { parseJson } from '../../../base/validation/parse-json.js'
import type { EventParking, ParkedCount } from '../../../events/contract/event-driver.js'
import type { Home } from '../home/home.js'
import { fromCursor } from './log-position.js'

/** Limits the memory of one listing: an event can have a megabyte. */
const MAX_LISTED = 64
const PARKED = '.json'
/** The suffix of an event to retry; a `rename` adds it to request that. */
const RETRY = '.retry'

/**
 * The events that groups have parked: `<group>/<position>-<id>.json`, one file each, `.retry` once it is to be retried. The
 * names sort in log order.
 */
export class ParkedEvents implements EventParking {
  /** Increases with each call of `retry` in this process. */
  retriesAsked = 0
  readonly #home: Home
  readonly #onRetry: () => void

  /** @param onRetry called when something is to be retried: the group's reader can be in this process */
  constructor(home: Home, onRetry: () => void) {
    this.#home = home
    this.#onRetry = onRetry
  }

  groups(): ParkedCount[] {
    const counts: ParkedCount[] = []
    for (const name of this.#files.list(this.#root)) {
      const files = this.#filesIn(join(this.#root, name))
      const [first] = files
      const group =
        first && (this.#read(join(this.#root, name, first))?.group ?? decodeFileName(name))
      if (group !== undefined) counts.push({ group, count: files.length })
    }
    return counts
  }

  list(group: string, after?: ParkedEvent): ParkedEvent[] {
    const directory = this.#directory(group)
    const last = after && stemOf(after.event)
    const files = this.#filesIn(directory).filter((file) => last === undefined || stem(file) > last)
    return this.#readAll(directory, files.slice(0, MAX_LISTED))
  }

  /** Returns the events to retry that are not in `taken`. Costs one call if there are none. */
  retries(group: string, taken: ReadonlySet<string>): ParkedEvent[] {
    const directory = this.#directory(group)
    const files = this.#filesIn(directory).filter(
      (file) => file.endsWith(RETRY) && !taken.has(stem(file)),
    )
    return this.#readAll(directory, files.slice(0, MAX_LISTED))
  }

  retry(group: string, id?: string): number {
    const directory = this.#directory(group)
    let count = 0
    for (const file of this.#filesIn(directory)) {
      if (id !== undefined && !this.#isOf(join(directory, file), id)) continue
      if (file.endsWith(RETRY) || this.#rename(directory, file, `${stem(file)}${RETRY}`)) count += 1
    }
    this.retriesAsked += 1
    if (count > 0) this.#onRetry()
    return count
  }

  drop(group: string, id: string): number {
    const directory = this.#directory(group)
    const files = this.#filesIn(directory).filter((file) => this.#isOf(join(directory, file), id))
    for (const file of files) this.#remove(join(directory, stem(file)))
    return files.length
  }

  park(group: string, { event, attempts, error, parkedAt }: ParkedEvent): void {
    const directory = this.#directory(group)
    const path = join(directory, stemOf(event))
    const temporary = `${path}.new`
    const content = `${JSON.stringify({ group, attempts, error, parkedAt, event })}\n`
    this.#home.inDirectory(directory, () => {
      this.#files.unlink(temporary)
      this.#files.createFile(temporary, content)
      this.#files.rename(temporary, `${path}${PARKED}`)
    })
    this.#files.unlink(`${path}${RETRY}`)
  }

  unpark(group: string, event: EventEnvelope): void {
    this.#remove(join(this.#directory(group), stemOf(event)))
  }

  #remove(path: string): void {
    this.#files.unlink(`${path}${RETRY}`)
    this.#files.unlink(`${path}${PARKED}`)
  }

  #readAll(directory: string, files: readonly string[]): ParkedEvent[] {
    const events: ParkedEvent[] = []
    for (const file of files) {
      const parked = this.#read(join(directory, file))
      if (parked !== undefined) events.push({ ...parked.parked, retry: file.endsWith(RETRY) })
    }
    return events
  }

  #isOf(path: string, id: string): boolean {
    return this.#read(path)?.parked.event.id === id
  }

  /** Returns false if the event was dropped, or already requested, in between. */
  #rename(directory: string, from: string, to: string): boolean {
    try {
      this.#files.rename(join(directory, from), join(directory, to))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  }

  #read(path: string): { readonly group: string; readonly parked: ParkedEvent } | undefined {
    const content = this.#files.readFile(path)
    if (content === undefined) return undefined
    try {
      const { group, ...parked } = parseJson(content) as ParkedEvent & { readonly group: string }
      if (typeof group === 'string' && typeof parked.event.id === 'string') return { group, parked }
    } catch {
      // Fall through: invalid JSON, or not an object.
    }
    debug(() => `${path} holds no parked event`)
    return undefined
  }

  /** In log order, each event once: a reader's crash can leave both names of one. */
  #filesIn(directory: string): string[] {
    const byStem = new Map<string, string>()
    for (const file of this.#files.list(directory).sort())
      if (file.endsWith(PARKED) || file.endsWith(RETRY)) byStem.set(stem(file), file)
    return [...byStem.values()]
  }

  #directory(group: string): string {
    return join(this.#root, encodeFileName(group))
  }

  get #root(): string {
    return this.#home.paths.parked
  }

  get #files(): Home['fileSystem'] {
    return this.#home.fileSystem
  }
}

/** Returns the name of an event's file without its suffix. */
export function stemOf({ cursor, id }: Pick<EventEnvelope, 'id'> & { cursor: Cursor }): string {
  const { segment, offset } = fromCursor(cursor) ?? { segment: 0, offset: 0 }
  return `${padded(segment)}-${padded(offset)}-${encodeFileName(id)}`
}

function stem(file: string): string {
  return file.slice(0, -(file.endsWith(RETRY) ? RETRY : PARKED).length)
}

function padded(value: number): string {
  return String(value).padStart(15, '0')
}
