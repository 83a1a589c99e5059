import { SimulatedError } from './simulated-error.js'

/**
 * `windows`: a directory cannot be renamed over another one nor while a file in it is open, an open file cannot be
 * replaced, and the name of a file removed while open stays, unusable, until the last handle is closed.
 */
export type Semantics = 'posix' | 'windows'

/** A directory, or the number of a file. */
type Entry = { readonly madeMs: number } | number

interface File {
  /** The bytes, one character each. */
  readonly content: string
  readonly modifiedMs: number
  /** Removed while it was open, on Windows. */
  readonly doomed?: boolean
}

export interface SimulatedStatus {
  readonly kind: 'file' | 'directory'
  readonly size: number
  readonly modifiedMs: number
}

interface OpenFile {
  readonly file: number
  readonly process: number
}

/** A listing in progress: names that existed throughout, and names that came or went meanwhile. */
interface Listing {
  readonly path: string
  readonly certain: ReadonlySet<string>
  readonly possible: ReadonlySet<string>
}

interface Parts {
  readonly entries: ReadonlyMap<string, Entry>
  readonly files: ReadonlyMap<number, File>
  readonly open: ReadonlyMap<number, OpenFile>
  readonly listings: ReadonlyMap<number, Listing>
}

/** A process's descriptors are consecutive, so that opening one does not renumber another process's. */
const DESCRIPTORS_PER_PROCESS = 1000

/**
 * The files of a simulated machine at one moment. Nothing changes in place: each operation returns new files, or throws
 * a {@link SimulatedError}, so that exploring can go back to any moment.
 */
export class SimulatedFiles {
  readonly semantics: Semantics
  readonly #parts: Parts
  /** The objects shared by all states with equal files, by their description. */
  readonly #known: Map<string, SimulatedFiles>
  #number = -1
  /** What is left without a descriptor, or without all of a process's: the same files are asked for it repeatedly. */
  #closed: Map<number, SimulatedFiles> | undefined

  private constructor(semantics: Semantics, parts: Parts, known: Map<string, SimulatedFiles>) {
    this.semantics = semantics
    this.#parts = parts
    this.#known = known
  }

  static empty(semantics: Semantics): SimulatedFiles {
    const none = new Map<never, never>()
    const parts = { entries: none, files: none, open: none, listings: none }
    return new SimulatedFiles(semantics, parts, new Map()).shared
  }

  /** The one object for all equal files of a machine. How files are numbered inside does not count. */
  get shared(): SimulatedFiles {
    if (this.#number >= 0) return this
    const text = this.#describe()
    const known = this.#known.get(text)
    if (known !== undefined) return known
    this.#number = this.#known.size
    this.#known.set(text, this)
    return this
  }

  /** The same files, which from here on share nothing with the others of their machine. */
  get apart(): SimulatedFiles {
    return new SimulatedFiles(this.semantics, this.#parts, new Map()).shared
  }

  /** A text that is equal exactly for equal files. */
  get description(): string {
    return this.#describe()
  }

  /** A number that is equal exactly for equal shared files. */
  get number(): number {
    return this.shared.#number
  }

  get paths(): string[] {
    return [...this.#parts.entries.keys()].sort()
  }

  /** The paths and contents, for people. */
  get summary(): string {
    return [...this.#parts.entries]
      .filter(([, entry]) => typeof entry === 'number')
      .map(([path, entry]) => `${path} ${JSON.stringify(this.#file(entry as number).content)}`)
      .sort()
      .join('\n')
  }

  makeDirectory(path: string, nowMs: number): SimulatedFiles {
    this.#assertParent(path)
    if (this.#parts.entries.has(path)) throw new SimulatedError('EEXIST', `mkdir ${path}`)
    return this.#withEntry(path, { madeMs: nowMs })
  }

  removeDirectory(path: string): SimulatedFiles {
    const entry = this.#parts.entries.get(path)
    if (entry === undefined) throw new SimulatedError('ENOENT', `rmdir ${path}`)
    if (typeof entry === 'number') throw new SimulatedError('ENOTDIR', `rmdir ${path}`)
    if (!this.#isEmpty(path)) throw new SimulatedError('ENOTEMPTY', `rmdir ${path}`)
    return this.#withoutEntry(path)
  }

  list(path: string): string[] | undefined {
    const entry = this.#parts.entries.get(path)
    if (entry === undefined) return undefined
    if (typeof entry === 'number') throw new SimulatedError('ENOTDIR', `scandir ${path}`)
    const names: string[] = []
    for (const candidate of this.#parts.entries.keys())
      if (parentOf(candidate) === path) names.push(candidate.slice(path.length + 1))
    // Any order would do, but equal files must be listed alike.
    return names.sort()
  }

  /** Begins a listing that takes time. */
  beginListing(process: number, path: string): SimulatedFiles {
    const certain = new Set(this.list(path))
    const listings = new Map(this.#parts.listings)
    listings.set(process, { path, certain, possible: new Set() })
    return this.#with({ listings })
  }

  /** Ends it: each name that came or went meanwhile may or may not have been seen. */
  endListing(process: number): { readonly files: SimulatedFiles; readonly results: string[][] } {
    const listings = new Map(this.#parts.listings)
    const { certain, possible } = listings.get(process) ?? { certain: [], possible: [] }
    listings.delete(process)
    let results: string[][] = [[...certain].sort()]
    for (const name of [...possible].sort())
      results = results.flatMap((names) => [names, [...names, name]])
    return { files: this.#with({ listings }), results }
  }

  /** Creates an empty file and opens it. */
  create(process: number, path: string, nowMs: number): [SimulatedFiles, number] {
    this.#assertParent(path)
    const there = this.#parts.entries.get(path)
    if (typeof there === 'number' && this.#file(there).doomed)
      throw new SimulatedError('EPERM', `open ${path}`)
    if (there !== undefined) throw new SimulatedError('EEXIST', `open ${path}`)
    const number = nextNumber(this.#parts.files)
    const files = new Map(this.#parts.files)
    files.set(number, { content: '', modifiedMs: nowMs })
    return this.#with({ files }).#withEntry(path, number).#opened(process, number)
  }

  open(process: number, path: string): [SimulatedFiles, number | undefined] {
    const entry = this.#parts.entries.get(path)
    if (entry === undefined) return [this, undefined]
    // A directory is only opened to synchronise it.
    if (typeof entry === 'object') return this.#opened(process, -1)
    if (this.#file(entry).doomed) return [this, undefined]
    return this.#opened(process, entry)
  }

  close(descriptor: number): SimulatedFiles {
    return this.#without(descriptor, () => {
      const open = new Map(this.#parts.open)
      open.delete(descriptor)
      return this.#with({ open }).#withoutDoomed()
    })
  }

  /** Closes everything, as a process's end does. */
  closeAll(process: number): SimulatedFiles {
    return this.#without(-1 - process, () => {
      const mine = ({ process: owner }: OpenFile): boolean => owner === process
      if (![...this.#parts.open.values()].some(mine) && !this.#parts.listings.has(process))
        return this
      const open = new Map([...this.#parts.open].filter(([, file]) => !mine(file)))
      const listings = new Map(this.#parts.listings)
      listings.delete(process)
      return this.#with({ open, listings }).#withoutDoomed()
    })
  }

  readFile(path: string): string | undefined {
    const entry = this.#parts.entries.get(path)
    if (entry === undefined) return undefined
    if (typeof entry === 'object') throw new SimulatedError('EISDIR', `read ${path}`)
    const { content, doomed } = this.#file(entry)
    return doomed ? undefined : content
  }

  append(descriptor: number, bytes: string, nowMs: number): SimulatedFiles {
    const number = this.#openFile(descriptor)
    const files = new Map(this.#parts.files)
    const file = this.#file(number)
    files.set(number, { ...file, content: file.content + bytes, modifiedMs: nowMs })
    return this.#with({ files })
  }

  overwrite(descriptor: number, bytes: string, nowMs: number): SimulatedFiles {
    const number = this.#openFile(descriptor)
    const files = new Map(this.#parts.files)
    const file = this.#file(number)
    files.set(number, {
      ...file,
      content: bytes + file.content.slice(bytes.length),
      modifiedMs: nowMs,
    })
    return this.#with({ files })
  }

  content(descriptor: number): string {
    return this.#file(this.#openFile(descriptor)).content
  }

  links(descriptor: number): number {
    const number = this.#openFile(descriptor)
    if (this.#file(number).doomed) return 0
    return [...this.#parts.entries.values()].filter((entry) => entry === number).length
  }

  rename(from: string, to: string): SimulatedFiles {
    const entry = this.#parts.entries.get(from)
    if (entry === undefined) throw new SimulatedError('ENOENT', `rename ${from} -> ${to}`)
    this.#assertParent(to)
    const target = this.#parts.entries.get(to)
    const refuse = (code: string): never => {
      throw new SimulatedError(code, `rename ${from} -> ${to}`)
    }
    if (from === to) return this
    if (this.semantics === 'windows') {
      if (typeof entry === 'object' && (target !== undefined || this.#hasOpenFiles(from)))
        refuse('EPERM')
      if (typeof target === 'number' && this.#isOpen(target)) refuse('EPERM')
      if (typeof entry === 'number' && this.#file(entry).doomed) refuse('EPERM')
    }
    if (typeof entry === 'object' && target !== undefined) {
      if (typeof target === 'number') refuse('ENOTDIR')
      if (!this.#isEmpty(to)) refuse('ENOTEMPTY')
    }
    if (typeof entry === 'number' && typeof target === 'object') refuse('EISDIR')
    let moved = this.#withoutEntry(from)
    if (target !== undefined) moved = moved.#withoutEntry(to)
    moved = moved.#withEntry(to, entry)
    if (typeof entry === 'number') return moved
    for (const [path, child] of this.#parts.entries) {
      if (!path.startsWith(`${from}/`)) continue
      moved = moved.#withoutEntry(path).#withEntry(to + path.slice(from.length), child)
    }
    return moved
  }

  /** Returns `undefined` if there was nothing. */
  unlink(path: string): SimulatedFiles | undefined {
    const entry = this.#parts.entries.get(path)
    if (entry === undefined) return undefined
    if (typeof entry === 'object') throw new SimulatedError('EISDIR', `unlink ${path}`)
    if (this.semantics === 'posix' || !this.#isOpen(entry)) return this.#withoutEntry(path)
    if (this.#file(entry).doomed) return undefined
    const files = new Map(this.#parts.files)
    files.set(entry, { ...this.#file(entry), doomed: true })
    return this.#with({ files })
  }

  status(path: string): SimulatedStatus | undefined {
    const entry = this.#parts.entries.get(path)
    if (entry === undefined) return undefined
    if (typeof entry === 'object') return { kind: 'directory', size: 0, modifiedMs: entry.madeMs }
    const { content, modifiedMs, doomed } = this.#file(entry)
    return doomed ? undefined : { kind: 'file', size: content.length, modifiedMs }
  }

  /** Throws if there is nothing to watch. */
  assertThere(path: string): void {
    if (!this.#parts.entries.has(path)) throw new SimulatedError('ENOENT', `watch ${path}`)
  }

  #describe(): string {
    const { entries, files, open, listings } = this.#parts
    const names = [...entries].map(([path, entry]) => {
      if (typeof entry === 'object') return `${path}/${entry.madeMs}`
      const { content, modifiedMs, doomed } = this.#file(entry)
      return `${path}=${content}@${modifiedMs}${doomed ? '!' : ''}`
    })
    const paths = new Map([...entries].map(([path, entry]) => [entry, path]))
    const descriptors = [...open].map(([descriptor, { file }]) => {
      const path = paths.get(file)
      if (path !== undefined) return `${descriptor}>${path}`
      const same = [...open].flatMap(([other, opened]) => (opened.file === file ? [other] : []))
      return `${same.sort().join()}:${files.get(file)?.content}`
    })
    const running = [...listings].map(
      ([process, { path, certain, possible }]) =>
        `${process}?${path}?${[...certain].sort().join()}?${[...possible].sort().join()}`,
    )
    return [...names.sort(), ...descriptors.sort(), ...running.sort()].join('\0')
  }

  #file(number: number): File {
    return this.#parts.files.get(number) ?? { content: '', modifiedMs: 0 }
  }

  #openFile(descriptor: number): number {
    const file = this.#parts.open.get(descriptor)
    if (file === undefined) throw new SimulatedError('EBADF', `descriptor ${descriptor}`)
    return file.file
  }

  #without(what: number, close: () => SimulatedFiles): SimulatedFiles {
    this.#closed ??= new Map()
    let after = this.#closed.get(what)
    if (after === undefined) {
      after = close().shared
      this.#closed.set(what, after)
    }
    return after
  }

  #isOpen(number: number): boolean {
    return [...this.#parts.open.values()].some(({ file }) => file === number)
  }

  #hasOpenFiles(directory: string): boolean {
    return [...this.#parts.entries].some(
      ([path, entry]) =>
        typeof entry === 'number' && path.startsWith(`${directory}/`) && this.#isOpen(entry),
    )
  }

  #isEmpty(directory: string): boolean {
    for (const path of this.#parts.entries.keys())
      if (path.startsWith(`${directory}/`)) return false
    return true
  }

  #assertParent(path: string): void {
    const parent = this.#parts.entries.get(parentOf(path))
    if (parent === undefined && parentOf(path) !== '')
      throw new SimulatedError('ENOENT', `no ${parentOf(path)}`)
    if (typeof parent === 'number') throw new SimulatedError('ENOTDIR', path)
  }

  #opened(process: number, file: number): [SimulatedFiles, number] {
    let descriptor = process * DESCRIPTORS_PER_PROCESS + 3
    while (this.#parts.open.has(descriptor)) descriptor += 1
    const open = new Map(this.#parts.open)
    open.set(descriptor, { file, process })
    return [this.#with({ open }), descriptor]
  }

  #withEntry(path: string, entry: Entry): SimulatedFiles {
    const entries = new Map(this.#parts.entries)
    entries.set(path, entry)
    return this.#with({ entries, listings: this.#disturbed(path) })
  }

  #withoutEntry(path: string): SimulatedFiles {
    const entries = new Map(this.#parts.entries)
    entries.delete(path)
    return this.#with({ entries, listings: this.#disturbed(path) })
  }

  #withoutDoomed(): SimulatedFiles {
    if (this.semantics === 'posix') return this
    const gone = [...this.#parts.entries].filter(
      ([, entry]) =>
        typeof entry === 'number' && this.#file(entry).doomed === true && !this.#isOpen(entry),
    )
    return gone.reduce<SimulatedFiles>((files, [path]) => files.#withoutEntry(path), this)
  }

  /** Returns the listings in progress after a name came or went. */
  #disturbed(path: string): ReadonlyMap<number, Listing> {
    if (this.#parts.listings.size === 0) return this.#parts.listings
    const parent = parentOf(path)
    const name = path.slice(parent.length + 1)
    return new Map(
      [...this.#parts.listings].map(([process, listing]) => {
        if (listing.path !== parent) return [process, listing]
        const certain = new Set(listing.certain)
        certain.delete(name)
        const possible = new Set(listing.possible)
        possible.add(name)
        return [process, { path: parent, certain, possible }]
      }),
    )
  }

  #with(parts: Partial<Parts>): SimulatedFiles {
    return new SimulatedFiles(this.semantics, { ...this.#parts, ...parts }, this.#known)
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function nextNumber(files: ReadonlyMap<number, File>): number {
  return files.size + 1
}
