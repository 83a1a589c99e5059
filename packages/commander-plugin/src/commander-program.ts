/**
 * The part of a commander `Command` that the plugin works on, whichever copy or major of commander made it. The members
 * that begin with `_` are private to commander; they are looked for before they are used.
 */
export interface CommanderProgram {
  name(): string
  version(): string | undefined
  opts(): Record<string, unknown>
  hook(event: HookEvent, listener: HookListener): unknown
  command(nameAndArgs: string): CommanderProgram
  description(text: string): unknown
  argument(name: string, description?: string): unknown
  option(flags: string, description?: string): unknown
  error(message: string): never
  action(fn: (...args: never[]) => void | Promise<void>): unknown
  parse(...args: unknown[]): unknown
  parseAsync(...args: unknown[]): unknown
  emit(...args: unknown[]): unknown
  listenerCount(event: string): number
  aliases(): readonly string[]
  readonly commands: readonly CommanderProgram[]
  readonly parent: CommanderProgram | null
  /** What the program that is parsed was given. */
  readonly rawArgs?: readonly string[]
  readonly processedArgs: readonly unknown[]
  _actionHandler?: ((args: unknown[]) => unknown) | null
  _executableHandler?: boolean
  _exitCallback?: unknown
  _lifeCycleHooks?: Partial<Record<HookEvent, HookListener[]>>
}

/** Where commander calls hooks. */
export type HookEvent = 'preAction' | 'preSubcommand'
/** What a hook is called with: the command it was added to, and the one that is about to run. */
export type HookListener = (
  program: CommanderProgram,
  command: CommanderProgram,
) => void | Promise<void>
