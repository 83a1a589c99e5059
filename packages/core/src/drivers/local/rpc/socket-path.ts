import { basename, dirname, isAbsolute, join } from 'node:path'

import { randomId } from '../../../base/names/random-id.js'
import type { FileSystem } from '../home/file-system.js'
import type { Home } from '../home/home.js'
import { assertPrivateDirectory } from '../home/private-directory.js'
import { prepareSocketDirectory, socketDirectories } from './socket-directory.js'

const PIPE_PREFIX = '\\\\.\\pipe\\cli-ops-'
/** `<instance>-<8 digits>.sock`, 12 + 1 + 8 + 5. */
const NAME_BYTES = 26
const NAME = /^([0-9a-f]{12})-[0-9a-f]{8}\.sock$/u

/**
 * Chooses a new path for a socket, or a name for a pipe. It is never used twice, so listening never meets the socket of
 * a predecessor and closing never removes that of a successor; and it carries the instance, which tells whose
 * remains it is after a crash.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function newSocketPath(instance: string, home: Home): string {
  const unique = `${instance}-${randomId().slice(0, 8)}`
  if (process.platform === 'win32') return PIPE_PREFIX + unique
  return join(prepareSocketDirectory(home, NAME_BYTES), `${unique}.sock`)
}

/** Tells whether an endpoint is one of this transport; with one URL for each primitive it may be another engine's. */
export function isLocalEndpoint(endpoint: string): boolean {
  return isAbsolute(endpoint) || endpoint.startsWith(PIPE_PREFIX)
}

/**
 * Throws unless an endpoint is a pipe of the kit or lies in a directory that only this user can enter: anywhere else a
 * stranger could listen.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function assertPrivateEndpoint(endpoint: string, fileSystem: FileSystem): void {
  if (process.platform === 'win32' && endpoint.startsWith(PIPE_PREFIX)) return
  assertPrivateDirectory(dirname(endpoint), fileSystem, 'XDG_RUNTIME_DIR')
}

/** Removes what dead instances left in the socket directories, each of which it lists at most once. */
export class DeadSockets {
  readonly #home: Home
  #left: readonly string[] | undefined

  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Removes the sockets of an instance that was proven dead. The endpoint that its record names is only believed
   * where its file name carries this very instance and its directory is private, so that a forged record can remove
   * nothing else. Failures are ignored: the next process tries again, or the temporary directory is cleared.
   */
  remove(instance: string, endpoint: string | undefined): void {
    // Pipes vanish with their process.
    if (process.platform === 'win32') return
    const paths = endpoint === undefined ? this.#socketsOf(instance) : [endpoint]
    for (const path of paths) {
      if (!isAbsolute(path) || NAME.exec(basename(path))?.[1] !== instance) continue
      try {
        assertPrivateEndpoint(path, this.#home.fileSystem)
        this.#home.fileSystem.unlink(path)
      } catch {
        // Not ours to remove, or gone.
      }
    }
  }

  /** An instance that died between listening and saying so has sockets that its record does not name. */
  #socketsOf(instance: string): string[] {
    this.#left ??= socketDirectories(this.#home).flatMap(({ path }) =>
      this.#home.fileSystem.list(path).map((name) => join(path, name)),
    )
    return this.#left.filter((path) => basename(path).startsWith(`${instance}-`))
  }
}
