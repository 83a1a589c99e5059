import type { CommandTree } from './host/host-command.js'

/**
 * Returns the command that the key of a rule names, as the tree resolves it: colons stand for spaces, unless a command has them in its
 * own name, such as `db:migrate`.
 */
export function resolveKey(key: string, commands: CommandTree): string | undefined | null {
  const resolved = commands.resolve(key)
  return resolved === undefined && key.includes(':') ? commands.resolve(withSpaces(key)) : resolved
}

/** Returns a key with its colons as spaces. */
export function withSpaces(key: string): string {
  return key.replaceAll(':', ' ')
}
