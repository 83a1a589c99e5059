import type { CliOpsOptions } from '@cli-ops/shared-ipc/command'

import { loadLifecycle } from './lazy.js'
import type * as Lifecycle from './lifecycle.js'

/** As `EX_UNAVAILABLE` in sysexits.h. */
const EXIT_UNAVAILABLE = 69

/** The caller's reason to load the lifecycle. */
export interface LifecycleUse {
  /** The prefix of a line on stderr. @default the name of the program's file */
  readonly name?: string
  readonly needsLock: boolean
}

let isTold = false

/** Returns true if the program or its user has disabled the plugin. */
export function isDisabled({ disabled }: CliOpsOptions): boolean {
  const { CLI_OPS_DISABLED: off } = process.env
  return disabled ?? (off === '1' || off === 'true')
}

/**
 * Loads the lifecycle. If it cannot be loaded because the program has replaced `fs` (mock-fs, memfs), locks fail closed: the process
 * ends. Everything else fails open: returns `undefined`, with one warning. Prints nothing if the plugin is disabled.
 */
export function lifecycleFor(use: LifecycleUse): typeof Lifecycle | undefined {
  try {
    return loadLifecycle()
  } catch (error) {
    if (isDisabled({})) return undefined
    // Without any files, there are no user rules either; if files exist but cannot be read, there might be.
    const needsLock = use.needsLock || !isAbsent(error)
    tellUnloadable({ ...use, needsLock }, error)
    if (needsLock) process.exit(EXIT_UNAVAILABLE)
    return undefined
  }
}

/** Returns whether a rule in the program's code has a lock. */
export function hasLock({ commands = {} }: CliOpsOptions): boolean {
  return Object.values(commands).some(({ lock }) => lock !== undefined)
}

// The module that normally prints such messages cannot be loaded either.
function tellUnloadable({ name = fileName(), needsLock }: LifecycleUse, error: unknown): void {
  if (isTold && !needsLock) return
  isTold = true
  const what = needsLock ? 'cannot lock' : 'continuing without locks, events and registry'
  const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  const hint = isAbsent(error) ? '; has the program replaced node:fs?' : ''
  process.stderr.write(`${name}: ${what}: a file of the kit can't be loaded${hint} (${reason})\n`)
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'MODULE_NOT_FOUND'
}

function fileName(): string {
  const path = process.getBuiltinModule('node:path')
  const [, script = 'node'] = process.argv
  return path.basename(script, path.extname(script))
}
