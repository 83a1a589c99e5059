// Preloaded (--import): file operations in the home fail as FAULT says, `<code>:<functions>`, such as
// EIO:writeSync,openSync. FAULT_STATFS forges the type that statfs(2) returns for a file system.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

const home = process.env.CLI_OPS_HOME
const [code, functions = ''] = (process.env.FAULT ?? '').split(':')
const opened = new Set()

/** Linux's numbers that Node does not list. */
const UNLISTED = { EUCLEAN: 117 }
const errno = -(constants.errno[code] ?? UNLISTED[code] ?? constants.errno.EIO)
/** As Node names it; Node does not know every error's name. */
const known = getSystemErrorMap().get(errno)?.[0] ?? `Unknown system error ${errno}`

function fail(syscall, path) {
  const error = new Error(`${known}: injected, ${syscall} '${path}'`)
  throw Object.assign(error, { code: known, errno, syscall, path })
}

const isInHome = (path) => String(path).startsWith(home)

// Descriptors of the home are known from their openSync, unless that fails itself.
const { openSync, closeSync, statfsSync } = fs
fs.openSync = (path, ...rest) => {
  if (isInHome(path) && functions.includes('openSync')) fail('open', path)
  const descriptor = openSync(path, ...rest)
  if (isInHome(path)) opened.add(descriptor)
  return descriptor
}
fs.closeSync = (descriptor) => {
  opened.delete(descriptor)
  closeSync(descriptor)
}
for (const name of functions.split(',')) {
  const original = fs[name]
  if (name === '' || name === 'openSync') continue
  fs[name] = (target, ...rest) => {
    const isHit = typeof target === 'number' ? opened.has(target) : isInHome(target)
    return isHit ? fail(name.replace('Sync', ''), target) : original(target, ...rest)
  }
}
if (process.env.FAULT_STATFS !== undefined) {
  const type = Number(process.env.FAULT_STATFS)
  fs.statfsSync = (path, ...rest) => ({ ...statfsSync(path, ...rest), type })
}
syncBuiltinESMExports()
