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
  run(): Promise<unknown>
  jsonEnabled?(): boolean
  readonly argv?: readonly string[]
}

/** Replaces the `run` of a class; `original` calls what was there. The class itself stays the one it was. */
export function wrapRun(
  command: CommandClass,
  wrapper: (this: CommandInstance, original: () => Promise<unknown>) => Promise<unknown>,
): void {
  const { prototype } = command
  const { run } = prototype
  Object.defineProperty(prototype, 'run', {
    configurable: true,
    writable: true,
    value: function (this: CommandInstance) {
      return Reflect.apply(wrapper, this, [() => Reflect.apply(run, this, [])])
    },
  })
}
