import { accessSync, constants } from 'node:fs'

/** Returns whether this user can execute a file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
