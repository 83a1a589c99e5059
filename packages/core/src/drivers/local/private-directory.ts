import { CliOpsError } from '../../errors/cli-ops-error.js'
import type { FileStatus, FileSystem } from './file-system.js'

/**
 * Throws unless `path` is a real directory that only this user can enter: the rule of tmux and Watchman. What
 * the user supplied is never changed, only refused with the remedy. `variable` is the environment variable that
 * chooses the directory, for the message.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, or `STORAGE_FAILED` where it is no directory at all
 */
export function assertPrivateDirectory(
  path: string,
  fileSystem: FileSystem,
  variable = 'CLI_OPS_HOME',
): void {
  const status = fileSystem.status(path)
  const refusal = status === undefined ? undefined : refusalOf(status, variable)
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

/** Tells whether {@link assertPrivateDirectory} would let a directory pass. */
export function isPrivateDirectory(status: FileStatus | undefined): boolean {
  return status?.kind === 'directory' && refusalOf(status, '') === undefined
}

function refusalOf(status: FileStatus, variable: string): string | undefined {
  if (status.kind === 'symlink')
    return `it is a symbolic link; set ${variable} to the directory it points to`
  // Windows protects the profile directory by its own access lists; uid and mode mean nothing there.
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  if (status.uid !== uid)
    return `it belongs to uid ${status.uid}, not to you (uid ${uid}); set ${variable} to a directory of your own`
  if ((status.mode & 0o077) !== 0) {
    return `its mode is ${(status.mode & 0o777).toString(8)}, so other users can get at it; run "chmod 700" on it`
  }
  return undefined
}
