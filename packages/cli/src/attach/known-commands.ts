import { closestName, describe, type ProgramCommand } from '@cli-ops/shared-ipc/ops'

/** Every command, and the action of a program without commands. */
const ALWAYS_KNOWN = new Set(['*', ''])

/**
 * Returns the framework's names for commands given by name or alias, with spaces or colons.
 *
 * @throws TypeError with "did you mean" for an unknown command
 */
export function canonicalCommands(
  given: readonly string[],
  known: readonly ProgramCommand[],
): readonly string[] {
  const names = new Map<string, string>()
  for (const { path, aliases } of known)
    for (const name of [path, ...aliases]) names.set(name, path)
  return given.map((command) => {
    if (ALWAYS_KNOWN.has(command)) return command
    const found = names.get(command) ?? names.get(command.replaceAll(':', ' '))
    if (found !== undefined) return found
    throw new TypeError(
      `--command must be a command of the program, got ${describe(command)}${hint(command, names)}`,
    )
  })
}

function hint(command: string, names: ReadonlyMap<string, string>): string {
  const meant = closestName(command, names.keys())
  if (meant !== undefined) return `; did you mean "${meant}"?`
  if (names.size === 0) return '; it has none, so leave --command out'
  const all = [...new Set(names.values())].sort()
  return `; it has ${all.slice(0, 20).join(', ')}${all.length > 20 ? ', …' : ''}`
}
