/**
 * The part of a commander `Command` that the plugin uses, whichever copy or major version made it. Members that begin
 * with `_` are private to commander; the plugin checks for them before using them.
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
  /** The arguments of the parsed program. */
  readonly rawArgs?: readonly string[]
  readonly processedArgs: readonly unknown[]
  /** The words that this command was given, beginning with its subcommand's name. */
  readonly args: readonly string[]
  _actionHandler?: ((args: unknown[]) => unknown) | null
  _executableHandler?: boolean
  _exitCallback?: unknown
  _lifeCycleHooks?: Partial<Record<HookEvent, HookListener[]>>
}

/** The points at which commander calls hooks. */
export type HookEvent = 'preAction' | 'preSubcommand'
/** A hook's arguments: the command it was added to, and the one about to run. */
export type HookListener = (
  program: CommanderProgram,
  command: CommanderProgram,
) => void | Promise<void>

/** Returns whether a word is a command's name or one of its aliases. */
export function isNamed(command: CommanderProgram, word: string): boolean {
  return command.name() === word || command.aliases().includes(word)
}

/** Returns commander's own class: the last one with a parse method. */
export function commanderPrototype(program: CommanderProgram): CommanderProgram {
  let found = program
  for (
    let prototype: CommanderProgram | null = program;
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype) as CommanderProgram | null
  ) {
    if (Object.hasOwn(prototype, 'parseAsync')) found = prototype
  }
  return found
}
