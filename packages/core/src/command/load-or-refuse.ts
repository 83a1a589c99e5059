import { path } from '../base/builtins.js'
import { EXIT_UNAVAILABLE } from '../base/errors/exit-codes.js'
import { isOn } from '../base/process/environment.js'

/** The caller's reason to load a file of the kit. */
export interface LoadReason {
  /** The prefix of a line on stderr. @default the name of the program's file */
  readonly name?: string | undefined
  readonly needsLock: boolean
}

let isTold = false

/**
 * Loads a file of the kit. If it cannot be loaded because the program has replaced `fs` (mock-fs, memfs), locks fail closed: the process
 * ends. Everything else fails open: returns `undefined`, with one warning. Prints nothing if the plugin is disabled.
 */
export function loadOrRefuse<T>(load: () => T, reason: LoadReason): T | undefined {
  try {
    return load()
  } catch (error) {
    if (isOn(process.env['CLI_OPS_DISABLED'])) return undefined
    // Without any files, there are no user rules either; if files exist but cannot be read, there might be.
    const needsLock = reason.needsLock || !isAbsent(error)
    tellUnloadable({ ...reason, needsLock }, error)
    if (needsLock) process.exit(EXIT_UNAVAILABLE)
    return undefined
  }
}

// The module that normally prints such messages cannot be loaded either.
function tellUnloadable({ name = fileName(), needsLock }: LoadReason, error: unknown): void {
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
  const [, script = 'node'] = process.argv
  return path.basename(script, path.extname(script))
}
