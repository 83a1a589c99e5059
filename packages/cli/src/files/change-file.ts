import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'

import { LockManager } from '@cli-ops/shared-ipc'

const LOCK_TIMEOUT_MS = 10_000

/** A file of the home that several processes change. */
export interface SharedFile {
  readonly home: string
  readonly path: string
  /** Whoever changes the file has this lock, so that no change is lost to another one. */
  readonly lock: string
}

/**
 * Replaces a file by what `change` gives, one process after the other; where it gives `undefined` or throws, nothing is
 * changed. A crash leaves the old file or the new one; a reader sees no half.
 */
export async function changeFile(
  { home, path, lock: resource }: SharedFile,
  change: () => string | undefined,
): Promise<void> {
  const locks = new LockManager({ home, namespace: '', url: 'local:', disabled: false })
  try {
    await locks.acquire(
      resource,
      async (lock) => {
        const text = change()
        if (text === undefined) return
        const next = `${path}.${randomBytes(6).toString('hex')}`
        try {
          // Written out before the rename: after a power failure the file is the old or the new one, too.
          await writeFile(next, text, { flag: 'wx', mode: 0o600, flush: true })
          lock.assertHeld()
          await rename(next, path)
        } catch (error) {
          await rm(next, { force: true })
          throw error
        }
      },
      { timeoutMs: LOCK_TIMEOUT_MS },
    )
  } finally {
    await locks.close()
  }
}
