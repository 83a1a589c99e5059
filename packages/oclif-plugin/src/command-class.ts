/** The part of a command that the plugin works on. */
export interface CommandInstance {
  /** All of a command: `init`, `run`, `catch` and `finally`. Protected in oclif, and looked for before it is used. */
  _run?: Run
  run: Run
  jsonEnabled?(): boolean
}

type Run = (this: CommandInstance) => Promise<unknown>
type RunName = '_run' | 'run'

/** Calls what a wrapper stands in front of. */
type Wrapper = (this: CommandInstance, original: () => Promise<unknown>) => Promise<unknown>

/**
 * Replaces all that the instances of a class do, or where this oclif has no such method their `run`; the class stays the one it was.
 * Returns a function that takes the wrapper back, where nobody has put another one around it since; `undefined` where there is
 * nothing to wrap.
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
