import { path as paths } from '../../../base/builtins.js'
import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { settingName } from '../../../base/process/setting-name.js'
import type { FileStatus, FileSystem } from './file-system.js'

/**
 * Throws unless `path` is a real directory that only this user can enter: the rule of tmux and Watchman. A user's
 * directory is never changed, only refused with the remedy. `variable` is the environment variable that selects the
 * directory, for the message.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, or `STORAGE_FAILED` if it is not a directory at all
 */
export function assertPrivateDirectory(
  path: string,
  fileSystem: FileSystem,
  variable = settingName('CLI_OPS_HOME'),
): void {
  const status = fileSystem.status(path)
  const isRootsToUse = isOfAnotherUser(status) && isOfParentsOwner(path, status, fileSystem)
  const refusal =
    status === undefined
      ? undefined
      : refusalOf(status, variable, isRootsToUse ? status.uid : undefined)
  if (status?.kind === 'directory' && refusal === undefined) return
  if (status === undefined || status.kind === 'file' || status.kind === 'other') {
    const what = status === undefined ? 'it does not exist' : 'it is not a directory'
    throw new CliOpsError(
      'STORAGE_FAILED',
      `cannot use ${path}: ${what}; set ${variable} to a directory`,
      {
        details: { directory: path },
      },
    )
  }
  throw new CliOpsError('INSECURE_DIRECTORY', `refusing to use ${path}: ${refusal}`, {
    details: { directory: path, uid: status.uid, mode: (status.mode & 0o777).toString(8) },
  })
}

/** Returns whether this process runs as root and the directory belongs to a user. */
export function isOfAnotherUser(status: FileStatus | undefined): status is FileStatus {
  return status !== undefined && status.uid !== 0 && process.getuid?.() === 0
}

/**
 * Root can work in a directory that its user has inside their own, such as their home: `sudo` that keeps `HOME`, a container that
 * mounts it. Elsewhere it could be a trap for root.
 */
function isOfParentsOwner(path: string, status: FileStatus, fileSystem: FileSystem): boolean {
  return fileSystem.status(paths.dirname(path))?.uid === status.uid
}

function refusalOf(
  status: FileStatus,
  variable: string,
  uid = process.getuid?.(),
): string | undefined {
  if (status.kind === 'symlink')
    return `it is a symbolic link; set ${variable} to the directory it points to`
  // Windows protects the profile directory with its own access lists; uid and mode mean nothing there.
  if (uid === undefined) return undefined
  if (status.uid !== uid)
    return `it belongs to uid ${status.uid}, not to you (uid ${uid}); ${remedyFor(status, variable)}`
  if ((status.mode & 0o077) !== 0) {
    const mode = (status.mode & 0o777).toString(8)
    const remedy = `set ${variable} to a directory of your own`
    // The sticky bit marks a directory for everybody, such as /tmp: other programs need its mode.
    const isShared = (status.mode & 0o1000) !== 0
    return `its mode is ${mode}, so other users can access it; ${isShared ? '' : 'run "chmod 700" on it, or '}${remedy}`
  }
  return undefined
}

function remedyFor({ uid }: FileStatus, variable: string): string {
  const other = `set ${variable} to a directory of your own`
  // Created by root in a user's home, for whatever reason.
  return uid === 0 ? `give it back ("sudo chown -R $(id -u)" on it), or ${other}` : other
}
