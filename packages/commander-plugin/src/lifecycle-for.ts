import type { CliOpsOptions } from '@cli-ops/shared-ipc/command'

import { loadLifecycle } from './lazy.js'
import type * as Lifecycle from './lifecycle.js'

/** As `EX_UNAVAILABLE` in sysexits.h. */
const EXIT_UNAVAILABLE = 69

/** What wants the lifecycle. */
export interface LifecycleUse {
  /** What a line on stderr begins with. @default the name of the program's file */
  readonly name?: string
  readonly needsLock: boolean
}

let isTold = false

/** True where a program, or who runs it, has turned the plugin off. */
export function isDisabled({ disabled }: CliOpsOptions): boolean {
  const { CLI_OPS_DISABLED: off } = process.env
  return disabled ?? (off === '1' || off === 'true')
}

/**
 * Loads the lifecycle. Where it cannot be loaded, since the program has replaced `fs` (mock-fs, memfs), locks fail closed: the process
 * ends. Everything else fails open: `undefined`, with one warning. Where the plugin is disabled there is nothing to tell.
 */
export function lifecycleFor(use: LifecycleUse): typeof Lifecycle | undefined {
  try {
    return loadLifecycle()
  } catch (error) {
    if (isDisabled({})) return undefined
    // In a world without files there are no rules of a person either; where files cannot be read, there may be.
    const needsLock = use.needsLock || !isAbsent(error)
    tellUnloadable({ ...use, needsLock }, error)
    if (needsLock) process.exit(EXIT_UNAVAILABLE)
    return undefined
  }
}

/** Tells whether a rule in a program's code has a lock. */
export function hasLock({ commands = {} }: CliOpsOptions): boolean {
  return Object.values(commands).some(({ lock }) => lock !== undefined)
}

// The file that says such things cannot be loaded either.
function tellUnloadable({ name = fileName(), needsLock }: LifecycleUse, error: unknown): void {
  if (isTold && !needsLock) return
  isTold = true
  const what = needsLock ? 'cannot lock' : 'going on without locks, events and registry'
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
