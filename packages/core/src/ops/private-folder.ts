import { join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { Home, storageError } from '../drivers/local/home/home.js'
import { assertPrivateDirectory } from '../drivers/local/home/private-directory.js'

/**
 * Creates a folder in the home if it is missing, checks that both belong to this user alone, and returns its path.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function preparePrivateFolder(home: string, name: string): string {
  const path = join(home, name)
  new Home(home, '', nodeFileSystem).prepare()
  try {
    nodeFileSystem.makeDirectory(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(error, home)
  }
  assertPrivateDirectory(path, nodeFileSystem)
  return path
}
