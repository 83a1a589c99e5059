import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

const folders: string[] = []

// A test's hooks run in the order in which they were set, and Windows removes no folder that has an open file.
after(() => {
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
})

/** Creates a folder for one test, removed after all of them. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  folders.push(folder)
  return folder
}
