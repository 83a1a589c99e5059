import { processPart } from '../../base/process/process-state.js'

/** How this process ends. */
export interface ProcessEnd {
  readonly exitCode: number
}

/**
 * Calls `finish` once at the end of the process with its real exit code, after every `exit` listener of the host: a
 * later listener may still set `process.exitCode`. Like signal-exit, it therefore wraps `process.emit`. Where
 * that wrapper has been replaced since, a plain listener is what is left.
 */
export function observeExit(finish: (end: ProcessEnd) => void): void {
  const emit = process.emit.bind(process) as (event: string, ...args: unknown[]) => boolean
  let inWrapper = false
  process.emit = ((event: string, ...args: unknown[]) => {
    if (event !== 'exit') return emit(event, ...args)
    inWrapper = true
    try {
      return emit(event, ...args)
    } finally {
      const { exitCode: decided } = ending()
      if (decided !== undefined) process.exitCode = decided
      finish({ exitCode: Number(process.exitCode ?? args[0] ?? 0) })
    }
  }) as typeof process.emit
  process.once('exit', (code) => {
    if (!inWrapper) finish({ exitCode: code })
  })
}

/** Ends the process with an exit code that no `exit` listener of the host changes. */
export function endWith(exitCode: number): never {
  ending().exitCode = exitCode
  process.exit(exitCode)
}

/** The plugin's own copy of the kit and a preload's must agree on the exit code of a refusal. */
function ending(): { exitCode?: number } {
  return processPart('ending', () => ({}))
}
