import type {
  FileStatus,
  FileSystem,
} from '../../../packages/core/src/drivers/local/home/file-system.js'
import type { Execution } from './execution.js'
import type { Operation, Outcome } from './operation.js'
import { SimulatedError } from './simulated-error.js'
import type { SimulatedFiles, SimulatedStatus } from './simulated-files.js'
import type { Ghost, World } from './world.js'

/** The home directory of every simulated process. It exists from the beginning. */
export const HOME = '/home'

/** Includes the segment inspections that the bundle delegates to it. */
interface SimulatedFileSystem extends FileSystem {
  /** Returns the part of a file's content that counts, computed by a function that is the same for the same `what`. */
  look<T>(descriptor: number, what: string, tell: (content: string) => T): T
}

const UID = process.getuid?.() ?? 0
const OWNER = { inode: 1, mode: 0o700, uid: UID }
const HOME_STATUS = { kind: 'directory', size: 0, modifiedMs: 0 } as const

/** Creates one process's file system. At each operation other processes can come in between. */
export function createSimulatedFileSystem<G extends Ghost>(
  execution: Execution<G>,
  index: number,
): SimulatedFileSystem {
  const descriptorName = (descriptor: number): string => `#${descriptor}`

  /** An operation with one outcome, which depends on the files and the time. */
  const operate = <T>(
    what: string,
    perform: (files: SimulatedFiles, world: World<G>) => readonly [SimulatedFiles, T],
    tears?: Operation<G>['tears'],
  ): T => {
    // The same files occur in many states.
    const known = new Map<SimulatedFiles, { nowMs: number; files: SimulatedFiles; result: T }>()
    return execution.operate({
      what,
      perform: (world) => {
        let outcome = known.get(world.files)
        if (outcome?.nowMs !== world.nowMs) {
          const [files, result] = perform(world.files, world)
          outcome = { nowMs: world.nowMs, files: files.shared, result }
          known.set(world.files, outcome)
        }
        const { files, result } = outcome
        return [{ world: files === world.files ? world : { ...world, files }, result }]
      },
      ...(tears && { tears }),
    }) as T
  }

  /** Of a file's status, only the parts that the code reads make a difference to it. It has to read them immediately. */
  const detailsOf = (path: string): FileStatus => {
    const asked = execution.operations
    const look = <T>(what: string, tell: (status: SimulatedStatus) => T): T => {
      if (execution.operations !== asked) execution.fail(`${what} of ${path} is looked at too late`)
      return execution.read(`${what} of ${path}`, ({ files }) => tell(files.status(path)!))
    }
    return {
      ...OWNER,
      get kind() {
        return look('kind', ({ kind }) => kind)
      },
      get size() {
        return look('size', ({ size }) => size)
      },
      get modifiedMs() {
        return look('time', ({ modifiedMs }) => modifiedMs)
      },
    }
  }

  const writeBytes = (descriptor: number, bytes: Uint8Array): number => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    return operate(
      `write ${descriptorName(descriptor)} ${JSON.stringify(text)}`,
      (files, { nowMs }) => [files.append(descriptor, text, nowMs), text.length],
      tearsOf(text).map((part) => (world) => ({
        ...world,
        files: world.files.append(descriptor, part, world.nowMs),
      })),
    )
  }
  const close = (descriptor: number): void => {
    const alter = (files: SimulatedFiles): SimulatedFiles => files.close(descriptor)
    // On Windows a removed file disappears now.
    if (execution.machine.semantics === 'posix') execution.change(alter)
    else operate(`close ${descriptorName(descriptor)}`, (files) => [alter(files), undefined])
  }

  const listIfThere = (path: string): string[] | undefined => {
    const names = list(path)
    // Results of operations are remembered, and the code may sort the names in place.
    return names && [...names]
  }
  const list = (path: string): readonly string[] | undefined => {
    if (!execution.machine.slowListings)
      return operate(`list ${path}`, (files) => [files, files.list(path)])
    const isThere = operate(`begin to list ${path}`, (files) => {
      if (files.list(path) === undefined) return [files, false]
      return [files.beginListing(index, path), true]
    })
    if (!isThere) return undefined
    return execution.operate({
      what: `list ${path}`,
      perform: (world): Outcome<G>[] => {
        const { files, results } = world.files.endListing(index)
        return results.map((result) => ({ world: { ...world, files }, result }))
      },
    }) as string[]
  }

  const unlink = (path: string): boolean =>
    operate(`unlink ${path}`, (files) => {
      const after = files.unlink(path)
      return [after ?? files, after !== undefined]
    })

  return {
    makeDirectory: (path) =>
      operate(`mkdir ${path}`, (files, { nowMs, machine }) => [
        files.makeDirectory(path, machine.oldDirectories ? 0 : nowMs),
        undefined,
      ]),
    removeDirectory: (path) =>
      operate(`rmdir ${path}`, (files) => [files.removeDirectory(path), undefined]),
    list: (path) => listIfThere(path) ?? [],
    listIfThere,
    createFile: (path, content) => {
      const descriptor = operate(`create ${path}`, (files, { nowMs }) =>
        files.create(index, path, nowMs),
      )
      try {
        if (content !== '') writeBytes(descriptor, Buffer.from(content))
      } catch (error) {
        if (error instanceof SimulatedError) {
          close(descriptor)
          unlink(path)
        }
        throw error
      }
      close(descriptor)
    },
    overwrite: (path, content) => {
      const descriptor = operate(`open ${path}`, (files) => files.open(index, path))
      if (descriptor === undefined) return false
      const text = Buffer.from(content).toString('latin1')
      operate(
        `overwrite ${descriptorName(descriptor)} ${JSON.stringify(text)}`,
        (files, { nowMs }) => [files.overwrite(descriptor, text, nowMs), undefined],
        tearsOf(text).map((part) => (world) => ({
          ...world,
          files: world.files.overwrite(descriptor, part, world.nowMs),
        })),
      )
      close(descriptor)
      return true
    },
    readFile: (path) => {
      const bytes = operate(`readFile ${path}`, (files) => [files, files.readFile(path)])
      return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString()
    },
    rename: (from, to) =>
      operate(`rename ${from} ${to}`, (files) => [files.rename(from, to), undefined]),
    unlink,
    status: (path) => {
      if (path === HOME) return { ...HOME_STATUS, ...OWNER }
      return operate(`status ${path}`, (files) => [files, files.status(path) !== undefined])
        ? detailsOf(path)
        : undefined
    },
    openAppend: (path, options) =>
      options?.exclusive === true
        ? operate(`create ${path}`, (files, { nowMs }) => files.create(index, path, nowMs))
        : operate(`openAppend ${path}`, (files) => files.open(index, path)),
    openRead: (path) => operate(`openRead ${path}`, (files) => files.open(index, path)),
    write: writeBytes,
    read: (descriptor, buffer, position) => {
      const text = operate(
        `read ${descriptorName(descriptor)} ${position}+${buffer.length}`,
        (files) => [files, files.content(descriptor).slice(position, position + buffer.length)],
      )
      return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length).write(text, 'latin1')
    },
    size: (descriptor) =>
      operate(`size ${descriptorName(descriptor)}`, (files) => [
        files,
        files.content(descriptor).length,
      ]),
    openStatus: (descriptor) =>
      operate(`fstat ${descriptorName(descriptor)}`, (files) => [
        files,
        { size: files.content(descriptor).length, links: files.links(descriptor) },
      ]),
    look: (descriptor, what, tell) =>
      operate(`look into ${descriptorName(descriptor)} for ${JSON.stringify(what)}`, (files) => [
        files,
        tell(files.content(descriptor)),
      ]),
    sync: () => undefined,
    close,
    fileSystemType: () => undefined,
    watch: (path) => {
      operate(`watch ${path}`, (files) => {
        files.assertThere(path)
        return [files, undefined]
      })
      return { close: () => undefined }
    },
  }
}

/** Returns what can be left of bytes whose writer was killed. */
function tearsOf(text: string): string[] {
  const lengths = new Set([1, text.length >> 1, text.length - 1])
  return [...lengths]
    .filter((length) => length > 0 && length < text.length)
    .map((length) => text.slice(0, length))
}
