// Removes everything that builds, tests and type checks leave behind.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, workspaces } from './workspaces.mjs'

for (const path of [
  ...workspaces().map(({ dir }) => join(dir, 'dist')),
  join(root, '.cache'),
  join(root, 'coverage'),
]) {
  rmSync(path, { recursive: true, force: true })
}
