import { accessSync, constants, existsSync, statfsSync, watch } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { isNetworkFileSystem } from '../drivers/local/home/network-file-system.js'
import { assertPrivateDirectory } from '../drivers/local/home/private-directory.js'
import { socketDirectories } from '../drivers/local/rpc/socket-directory.js'
import { sizeText } from '../base/terminal/units.js'
import { LOW_DISK_BYTES } from './disk-use.js'
import { type Check, failure, ok, warning } from './finding.js'
import type { OpsContext } from './ops-context.js'

export const checkHome: Check = ({ connection: { home } }) => {
  if (nodeFileSystem.status(home) === undefined) {
    accessSync(existingPart(home), constants.W_OK | constants.X_OK)
    return ok(`${home} does not exist yet; the first command creates it`)
  }
  assertPrivateDirectory(home, nodeFileSystem)
  accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK)
  return ok(`${home} is private to you`)
}

export const checkFileSystem: Check = ({ connection: { home } }) =>
  isNetworkFileSystem(existingPart(home), nodeFileSystem)
    ? failure(
        'the home is on a network file system, where appends are not reliable',
        `set CLI_OPS_HOME to a local directory such as ${join(homedir(), '.cache', 'cli-ops')}, or CLI_OPS_URL to an engine`,
      )
    : ok('local')

export const checkDisk: Check = ({ connection: { home } }) => {
  const { bavail, bsize, files, ffree } = statfsSync(existingPart(home))
  const free = bavail * bsize
  const message = `${sizeText(free)} free`
  const remedy = 'free some space, or set CLI_OPS_HOME to another disk'
  // Some file systems allocate inodes on demand and report 0 of 0.
  if (files > 0 && ffree === 0) return failure('no room for another file (inodes)', remedy)
  if (free === 0) return failure('full', remedy)
  return free < LOW_DISK_BYTES ? warning(message, remedy) : ok(message)
}

export const checkWatches: Check = ({ connection: { home } }) => {
  try {
    watch(existingPart(home), { persistent: false }).close()
    return ok('changes are noticed immediately')
  } catch (error) {
    return warning(
      `cannot watch files (${(error as NodeJS.ErrnoException).code}), so waiters poll, which is slower`,
      'raise fs.inotify.max_user_instances and fs.inotify.max_user_watches with sysctl',
    )
  }
}

export const checkSockets: Check = ({ connection }) => {
  if (process.platform === 'win32') return ok('named pipes')
  const [directory] = socketDirectories(homeOf(connection))
  if (directory === undefined) return ok('no directory is needed')
  const { path, variable } = directory
  if (nodeFileSystem.status(path) === undefined) {
    return ok(`${path} does not exist yet; the first server creates it`)
  }
  assertPrivateDirectory(path, nodeFileSystem, variable)
  return ok(`${path} is private to you`)
}

/** Returns the path itself or its nearest existing ancestor: a check must not create anything. */
function existingPart(path: OpsContext['connection']['home']): string {
  let part = path
  while (!existsSync(part) && dirname(part) !== part) part = dirname(part)
  return part
}
