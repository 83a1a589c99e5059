const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
/** The script below sees globals only. */
const KEY = 'cli-ops.look'
type Global = typeof globalThis & { [key: symbol]: unknown }

/**
 * Blocks the thread and calls `look` at intervals until it returns true; returns false where Ctrl-C came first, in a pause or in a
 * look, which may then have been cut off. Outside of it, no listener and nothing else of a blocked thread hears of a signal.
 */
export function lookUnlessInterrupted(everyMs: number, look: () => boolean): boolean {
  const { runInThisContext } = process.getBuiltinModule('node:vm')
  const scope = globalThis as Global
  scope[Symbol.for(KEY)] = look
  const script = `{
    const look = globalThis[Symbol.for('${KEY}')]
    const asleep = new Int32Array(new SharedArrayBuffer(4))
    while (!look()) Atomics.wait(asleep, 0, 0, ${everyMs})
  }`
  try {
    runInThisContext(script, { breakOnSigint: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === INTERRUPTED) return false
    throw error
  } finally {
    Reflect.deleteProperty(scope, Symbol.for(KEY))
  }
}
