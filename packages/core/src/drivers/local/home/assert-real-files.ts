import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { fs } from '../../../base/builtins.js'

/**
 * Throws where a home is missing and so are Node and this very file: a program has replaced `fs` by files of its own (mock-fs, memfs). A
 * lock that is made there keeps nobody out.
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

/** False also of what a runtime's permissions keep out. */
function isMissing(path: string): boolean {
  try {
    fs.statSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
