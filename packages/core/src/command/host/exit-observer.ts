import { processPart } from '../../base/process/process-state.js'
import { realExitCode } from './real-exit-code.js'

/** How this process ends. */
export interface ProcessEnd {
  readonly exitCode: number
}

/** How Node leaves the process, after the listeners or when one of them calls `process.exit()`. */
type Exit = (this: NodeJS.Process, code: unknown) => never

/**
 * Calls `finish` once at the end of the process with its real exit code, after every `exit` listener of the host: a later listener can still
 * set `process.exitCode`, or call `process.exit()`, which skips all that follow. Like signal-exit, it therefore wraps `process.emit` and,
 * while the listeners run, `process.reallyExit`. If the wrapper was replaced since, or the host prevents replacing these, it falls back to a
 * plain listener.
 */
export function observeExit(finish: (end: ProcessEnd) => void): void {
  const emit = process.emit.bind(process) as (event: string, ...args: unknown[]) => boolean
  let inWrapper = false
  const wrapper = {
    // Node's warnings include the function name.
    emit(this: void, event: string, ...args: unknown[]): boolean {
      if (event !== 'exit') return emit(event, ...args)
      inWrapper = true
      const end = (otherwise: unknown): void => {
        const { exitCode: decided } = ending()
        if (decided !== undefined) process.exitCode = decided
        finish({ exitCode: realExitCode(process.exitCode ?? otherwise) })
      }
      beforeReallyExit(end)
      // Without an explicit code: a listener that throws sets 1, one that clears the exit code sets 0.
      let otherwise: unknown = 1
      const wasSet = process.exitCode !== undefined
      try {
        const isHeard = emit(event, ...args)
        otherwise = wasSet ? 0 : args[0]
        return isHeard
      } finally {
        end(otherwise)
      }
    },
  }
  Reflect.set(process, 'emit', wrapper.emit)
  process.once('exit', (code) => {
    if (!inWrapper) finish({ exitCode: realExitCode(code) })
  })
}

function beforeReallyExit(end: (exitCode: unknown) => void): void {
  const { reallyExit } = process as unknown as { readonly reallyExit?: Exit }
  if (reallyExit === undefined) return
  Reflect.set(process, 'reallyExit', (code: unknown) => {
    end(code)
    return Reflect.apply(reallyExit, process, [ending().exitCode ?? code])
  })
}

/** Ends the process with an exit code that no `exit` listener of the host can change. */
export function endWith(exitCode: number): never {
  ending().exitCode = exitCode
  process.exit(exitCode)
}

/** The plugin's own copy of the kit and a preload's copy must agree on the exit code of a refusal. */
function ending(): { exitCode?: number } {
  return processPart('ending', () => ({}))
}
