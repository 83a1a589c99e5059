/**
 * The part of a commander `Command` that the plugin works on, whichever copy or major of commander made it. Only
 * the last two members are private to commander; they are looked for before they are used.
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
  requiredOption(flags: string, description?: string): unknown
  action(fn: (...args: never[]) => void | Promise<void>): unknown
  readonly parent: CommanderProgram | null
  readonly processedArgs: readonly unknown[]
  _actionHandler?: ((args: unknown[]) => unknown) | null
  _executableHandler?: boolean
}

type HookEvent = 'preAction' | 'preSubcommand'
type HookListener = (program: CommanderProgram, command: CommanderProgram) => void | Promise<void>
