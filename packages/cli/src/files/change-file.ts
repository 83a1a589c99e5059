import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'

import { LockManager } from '@cli-ops/shared-ipc'

const LOCK_TIMEOUT_MS = 10_000

/** A file of the home that several processes change. */
export interface SharedFile {
  readonly home: string
  readonly path: string
  /** Every process that changes the file takes this lock, so that no change is lost. */
  readonly lock: string
}

/**
 * Replaces a file with the result of `change`, one process at a time. If `change` returns `undefined` or throws, the
 * file stays unchanged. A crash leaves either the old file or the new one, and a reader never sees a partial one.
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
          // Flushed before the rename: after a power failure, too, the file is either the old or the new one.
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
