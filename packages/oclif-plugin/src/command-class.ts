/** The part of a command that the plugin uses. */
export interface CommandInstance {
  /**
   * Runs the whole command: `init`, `run`, `catch` and `finally`. Protected in oclif, so it is checked before use.
   */
  _run?: Run
  run: Run
  jsonEnabled?(): boolean
}

type Run = (this: CommandInstance) => Promise<unknown>
type RunName = '_run' | 'run'

/** Calls the original method that it wraps. */
type Wrapper = (this: CommandInstance, original: () => Promise<unknown>) => Promise<unknown>

/**
 * Replaces everything that a class's instances do, or, if this oclif has no such method, their `run`; the class itself stays the
 * same. Returns a function that removes the wrapper, unless another one was put around it since; `undefined` if there is nothing to
 * wrap.
 */
export function wrapCommand(
  { prototype }: { readonly prototype: Partial<CommandInstance> },
  wrapper: Wrapper,
): (() => void) | undefined {
  const name: RunName = typeof prototype._run === 'function' ? '_run' : 'run'
  return wrapMethod(prototype, name, wrapper)
}

function wrapMethod(
  prototype: Partial<CommandInstance>,
  name: RunName,
  wrapper: Wrapper,
): (() => void) | undefined {
  const own = Object.getOwnPropertyDescriptor(prototype, name)
  const original = prototype[name]
  if (typeof original !== 'function') return undefined
  const wrapped = function (this: CommandInstance): Promise<unknown> {
    return Reflect.apply(wrapper, this, [() => Reflect.apply(original, this, [])])
  }
  Object.defineProperty(prototype, name, { configurable: true, writable: true, value: wrapped })
  return () => {
    if (prototype[name] !== wrapped) return
    if (own === undefined) Reflect.deleteProperty(prototype, name)
    else Object.defineProperty(prototype, name, own)
  }
}
