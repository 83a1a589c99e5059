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
 * Chooses a new path for a socket, or a name for a pipe. It is never reused, so listening never meets a predecessor's
 * socket and closing never removes a successor's. It contains the instance, which identifies the owner of leftovers
 * after a crash.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function newSocketPath(instance: string, home: Home): string {
  const unique = `${instance}-${randomId().slice(0, 8)}`
  if (process.platform === 'win32') return PIPE_PREFIX + unique
  return join(prepareSocketDirectory(home, NAME_BYTES), `${unique}.sock`)
}

/**
 * Returns whether an endpoint belongs to this transport; with one URL for each primitive, it can be another engine's.
 */
export function isLocalEndpoint(endpoint: string): boolean {
  return isAbsolute(endpoint) || endpoint.startsWith(PIPE_PREFIX)
}

/**
 * Throws unless an endpoint is a pipe of the kit or in a directory that only this user can enter: anywhere else,
 * another user could listen.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function assertPrivateEndpoint(endpoint: string, fileSystem: FileSystem): void {
  if (process.platform === 'win32' && endpoint.startsWith(PIPE_PREFIX)) return
  assertPrivateDirectory(dirname(endpoint), fileSystem, 'XDG_RUNTIME_DIR')
}

/** Removes what dead instances left in the socket directories, listing each at most once. */
export class DeadSockets {
  readonly #home: Home
  #left: readonly string[] | undefined

  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Removes the sockets of a provably dead instance. The endpoint in its record is only trusted if its file name
   * contains this very instance and its directory is private, so that a forged record can remove nothing else.
   * Failures are ignored: the next process tries again, or the temporary directory is cleared.
   */
  remove(instance: string, endpoint: string | undefined): void {
    // Pipes disappear with their process.
    if (process.platform === 'win32') return
    const paths = endpoint === undefined ? this.#socketsOf(instance) : [endpoint]
    for (const path of paths) {
      if (!isAbsolute(path) || NAME.exec(basename(path))?.[1] !== instance) continue
      try {
        assertPrivateEndpoint(path, this.#home.fileSystem)
        this.#home.fileSystem.unlink(path)
      } catch {
        // Not this user's to remove, or gone.
      }
    }
  }

  /** An instance that died between listening and announcing it has sockets that its record does not name. */
  #socketsOf(instance: string): string[] {
    this.#left ??= socketDirectories(this.#home).flatMap(({ path }) =>
      this.#home.fileSystem.list(path).map((name) => join(path, name)),
    )
    return this.#left.filter((path) => basename(path).startsWith(`${instance}-`))
  }
}
