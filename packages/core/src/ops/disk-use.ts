import { opendir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Below this, locks and events may fail at any moment. */
export const LOW_DISK_BYTES = 64 * 1024 * 1024

/** What a home takes, and what its disk has left. */
export interface DiskUse {
  readonly bytes: number
  readonly files: number
  /** There are more files than were counted. */
  readonly isMore: boolean
  readonly freeBytes: number
}

/** A home with more files is not worth counting every few seconds. */
const MAX_FILES = 20_000

/** Adds up what the home takes; undefined where it cannot be read. */
export async function diskUse(home: string): Promise<DiskUse | undefined> {
  const free = await freeBytes(home)
  if (free === undefined) return undefined
  const sum = { bytes: 0, files: 0 }
  const isMore = await addUp(home, sum)
  return { ...sum, isMore, freeBytes: free }
}

/** True where it stopped before the end. */
async function addUp(directory: string, sum: { bytes: number; files: number }): Promise<boolean> {
  const entries = await opendir(directory).catch(() => undefined)
  if (entries === undefined) return false
  for await (const entry of entries) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      if (await addUp(path, sum)) return true
    } else if (entry.isFile()) {
      if (sum.files >= MAX_FILES) return true
      // It may have gone since.
      const { size } = (await stat(path).catch(() => undefined)) ?? { size: 0 }
      sum.bytes += size
      sum.files += 1
    }
  }
  return false
}

async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch (error) {
    const above = dirname(path)
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return isMissing && above !== path ? freeBytes(above) : undefined
  }
}
