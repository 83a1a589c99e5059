import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { Home } from '../drivers/local/home/home.js'
import { prepareSocketDirectory } from '../drivers/local/rpc/socket-directory.js'
import { resolveConnection } from './connection-options.js'

/**
 * Returns the path of a socket, or the name of a pipe, that processes of one user derive from its purpose: the same for the same home
 * and name, in a directory that no other user can enter. Creates the directory.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function privateSocketPath(name: string, home?: string): string {
  const { home: root } = resolveConnection({ home, url: 'local:', disabled: false })
  const digest = createHash('sha256').update(`${root}\0${name}`).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\cli-ops-${digest}`
  const file = `${digest}.sock`
  return join(prepareSocketDirectory(new Home(root, '', nodeFileSystem), file.length), file)
}
