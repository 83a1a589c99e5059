import type { FileStatus } from './file-system.js'

/** Returns whether a directory would pass `assertPrivateDirectory`. */
export function isPrivateDirectory(status: FileStatus | undefined): boolean {
  if (status?.kind !== 'directory') return false
  const uid = process.getuid?.()
  return uid === undefined || (status.uid === uid && (status.mode & 0o077) === 0)
}
