import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'

import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { type Home, storageError } from '../home/home.js'
import type { FileStatus, FileSystem } from '../home/file-system.js'
import { assertPrivateDirectory } from '../home/private-directory.js'

/**
 * The longest socket path used, in bytes. sockaddr_un holds 108 on Linux and 104 on macOS, including the final zero,
 * and Node truncates longer ones without an error.
 */
const MAX_SOCKET_PATH_BYTES = 103

/** A directory for sockets. */
export interface SocketDirectory {
  readonly path: string
  /** The environment variable that selects it. */
  readonly variable: string
}

/**
 * Creates and checks the directory for this user's sockets: `$XDG_RUNTIME_DIR/cli-ops`, else `cli-ops-<uid>` in the
 * temporary directory, else in `/tmp` if that path is too long for a socket or cannot be used, else in the home if
 * another user has taken those.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function prepareSocketDirectory(home: Home, nameBytes: number): string {
  const { fileSystem } = home
  const candidates = socketDirectories(home)
  const usable = candidates.filter(
    ({ path }) => Buffer.byteLength(path) + 1 + nameBytes <= MAX_SOCKET_PATH_BYTES,
  )
  let failure: unknown = new CliOpsError(
    'STORAGE_FAILED',
    `cannot make a socket: ${candidates.map(({ path }) => path).join(' and ')} are too long for a socket path; set XDG_RUNTIME_DIR to a shorter one`,
  )
  for (const { path, variable } of usable) {
    try {
      if (path === inHome(home)) home.prepare()
      fileSystem.makeDirectory(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        failure = storageError(error, path, variable)
        continue
      }
    }
    assertPrivateDirectory(path, fileSystem, variable)
    return path
  }
  throw failure
}

/** Returns the directories that can hold this user's sockets, the preferred one first. Creates nothing. */
export function socketDirectories(home: Home, env = process.env): SocketDirectory[] {
  const { fileSystem } = home
  const own = `cli-ops-${process.getuid?.() ?? 'user'}`
  const candidates: SocketDirectory[] = []
  const runtime = env['XDG_RUNTIME_DIR']
  if (runtime !== undefined && isOwnDirectory(runtime, fileSystem)) {
    candidates.push({ path: join(runtime, 'cli-ops'), variable: 'XDG_RUNTIME_DIR' })
  }
  for (const directory of new Set([tmpdir(), '/tmp'])) {
    // Other processes would look for it in their own working directory.
    if (!isAbsolute(directory)) continue
    const path = join(directory, own)
    // Any user can create this name first. That must not make the service unreachable: the registry says where the
    // sockets are.
    if (!isTaken(path, fileSystem)) candidates.push({ path, variable: 'XDG_RUNTIME_DIR' })
  }
  candidates.push({ path: inHome(home), variable: 'XDG_RUNTIME_DIR' })
  return candidates
}

function inHome({ root }: Home): string {
  return join(root, 'sockets')
}

/** Undefined also below a file, or below a directory that this user cannot enter: then it cannot be created, either. */
function statusAt(path: string, fileSystem: FileSystem): FileStatus | undefined {
  try {
    return fileSystem.status(path)
  } catch {
    return undefined
  }
}

function isTaken(path: string, fileSystem: FileSystem): boolean {
  const status = statusAt(path, fileSystem)
  return status !== undefined && status.uid !== process.getuid?.()
}

/**
 * `sudo -E` and `su` leave the variable pointing at another user's directory, or at one that has gone: if root created
 * a directory there, its owner would be locked out.
 */
function isOwnDirectory(path: string, fileSystem: FileSystem): boolean {
  if (!isAbsolute(path)) return false
  const status = statusAt(path, fileSystem)
  return status?.kind === 'directory' && status.uid === process.getuid?.()
}
