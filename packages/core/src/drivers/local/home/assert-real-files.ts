import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { fs } from '../../../base/builtins.js'

/**
 * Throws if the home is missing, and Node and this very file with it: a program has replaced `fs` with its own files (mock-fs, memfs). A
 * lock made there excludes no other process.
 *
 * @throws CliOpsError `STORAGE_FAILED`
 */
export function assertRealFiles(home: string): void {
  if (!isMissing(process.execPath) || !isMissing(import.meta.filename)) return
  throw new CliOpsError(
    'STORAGE_FAILED',
    `cannot use ${home}: the program has replaced node:fs with files that no other process sees`,
    { details: { home } },
  )
}

/** Returns false also for a path that the runtime's permissions hide. */
function isMissing(path: string): boolean {
  try {
    fs.statSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
