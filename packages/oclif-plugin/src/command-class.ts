import type { CommandRule } from '@cli-ops/shared-ipc/lifecycle'

/** The part of an oclif command class that the plugin works on, in core 4 and 5. */
export interface CommandClass {
  readonly id?: string
  readonly prototype: CommandInstance
  /** The rule of this command, as its author wrote it into the class. */
  readonly cliOps?: CommandRule
}

/** The part of a command that the plugin works on. */
export interface CommandInstance {
  run: (this: CommandInstance) => Promise<unknown>
  jsonEnabled?(): boolean
}

/** Calls what a wrapper stands in front of. */
type Wrapper = (this: CommandInstance, original: () => Promise<unknown>) => Promise<unknown>

/** Tells whether a class has a `run` of its instances to wrap, as every one derived from oclif's own has. */
export function hasRun(command: { readonly prototype?: Partial<CommandInstance> }): boolean {
  return typeof command.prototype?.run === 'function'
}

/**
 * Replaces the `run` of a class, which stays the class it was. Returns a function that takes the wrapper back, where
 * nobody has put another one around it since.
 */
export function wrapRun({ prototype }: CommandClass, wrapper: Wrapper): () => void {
  const own = Object.getOwnPropertyDescriptor(prototype, 'run')
  const { run } = prototype
  const wrapped = function (this: CommandInstance): Promise<unknown> {
    return Reflect.apply(wrapper, this, [() => Reflect.apply(run, this, [])])
  }
  Object.defineProperty(prototype, 'run', { configurable: true, writable: true, value: wrapped })
  return () => {
    if (prototype.run !== wrapped) return
    if (own === undefined) Reflect.deleteProperty(prototype, 'run')
    else Object.defineProperty(prototype, 'run', own)
  }
}
