/** How this process ends. */
export interface ProcessEnd {
  readonly exitCode: number
  /** The signal that ends it, where one does. */
  readonly signal?: NodeJS.Signals
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
      finish({ exitCode: Number(process.exitCode ?? args[0] ?? 0) })
    }
  }) as typeof process.emit
  process.once('exit', (code) => {
    if (!inWrapper) finish({ exitCode: code })
  })
}
