import type { CommandClass, CommandFlag } from './oclif-config.js'

/**
 * Returns whether a command line asks for help or the version, by a flag that prints and exits as soon as the command parses it. oclif
 * itself answers most `--help` and `--version`, but no `-h`, and no `--version` of a CLI with a single command.
 *
 * Only the first argument counts, since a later one can be the value of an option.
 */
export function asksAboutCommand(
  { flags = {}, baseFlags = {} }: CommandClass,
  [first]: readonly string[],
): boolean {
  return ['help', 'version'].some((name) => {
    const flag = flags[name] ?? baseFlags[name]
    return (
      flag !== undefined &&
      first !== undefined &&
      exitsWhenParsed(flag) &&
      spellings(name, flag).has(first)
    )
  })
}

/**
 * The parsers of `Flags.help()` and `Flags.version()` end the command; a flag of that name without one means what the command makes of
 * it.
 */
function exitsWhenParsed({ type, parse }: CommandFlag): boolean {
  return type === 'boolean' && typeof parse === 'function' && String(parse).includes('.exit(0)')
}

function spellings(
  name: string,
  { char, charAliases = [], aliases = [] }: CommandFlag,
): ReadonlySet<string> {
  const letters = [char, ...charAliases].filter((letter) => letter !== undefined)
  const words = [name, ...aliases]
  return new Set([...letters.map((letter) => `-${letter}`), ...words.map((word) => `--${word}`)])
}
