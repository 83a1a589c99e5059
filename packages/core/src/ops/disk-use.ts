import { opendir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Below this, locks and events can fail at any moment. */
export const LOW_DISK_BYTES = 64 * 1024 * 1024

/** The space that a home uses and the space left on its disk. */
export interface DiskUse {
  readonly bytes: number
  readonly files: number
  /** True if not all files were counted. */
  readonly isMore: boolean
  readonly freeBytes: number
}

/** Counting more files every few seconds is not worth it. */
const MAX_FILES = 20_000

/** Returns the space that the home uses; undefined if it cannot be read. */
export async function diskUse(home: string): Promise<DiskUse | undefined> {
  const free = await freeBytes(home)
  if (free === undefined) return undefined
  const sum = { bytes: 0, files: 0 }
  const isMore = await addUp(home, sum)
  return { ...sum, isMore, freeBytes: free }
}

/** Returns true if it stopped early. */
async function addUp(directory: string, sum: { bytes: number; files: number }): Promise<boolean> {
  const entries = await opendir(directory).catch(() => undefined)
  if (entries === undefined) return false
  for await (const entry of entries) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      if (await addUp(path, sum)) return true
    } else if (entry.isFile()) {
      if (sum.files >= MAX_FILES) return true
      // The file can disappear meanwhile.
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
