import { type FrameworkImport, findImport, importStatement } from './framework-import.js'
import { closingBracket, maskCode } from './mask-code.js'

/** The plugin's call, and where it goes. */
interface PluginCall {
  readonly at: number
  readonly text: string
  /** True if the program is run in this file, and so is not a subcommand with its own file. */
  readonly isRoot: boolean
}

/** A file with the plugin added. */
interface WiredCode {
  readonly code: string
  readonly isRoot: boolean
}

/** How to find a framework's program in a file. */
export interface Wiring {
  readonly plugin: string
  /** The packages from which a file imports the framework. */
  readonly packages: readonly string[]
  /**
   * Returns where the plugin's call goes: undefined if the file has no program, `'several'` if it has several that cannot be told
   * apart.
   */
  readonly place: (masked: string, found: FrameworkImport) => PluginCall | 'several' | undefined
}

/** Returns whether a file names the plugin: the rest is then up to its author. */
export function isWired(code: string, { plugin }: Pick<Wiring, 'plugin'>): boolean {
  return code.includes(plugin)
}

/** Returns the code with the plugin's import and call added; otherwise the result of `place`. */
export function wireCode(code: string, wiring: Wiring): WiredCode | 'several' | undefined {
  const found = findImport(code, wiring.packages)
  if (found === undefined) return undefined
  const call = wiring.place(maskCode(code), found)
  if (call === undefined || call === 'several') return call
  const statement = `\n${importStatement(found, 'cliOps', wiring.plugin)}`
  const insertions = [call, { at: found.end, text: statement }].sort((a, b) => b.at - a.at)
  const wired = insertions.reduce(
    (text, { at, text: added }) => text.slice(0, at) + added + text.slice(at),
    code,
  )
  return { code: wired, isRoot: call.isRoot }
}

/** Finds the `new Command(…)` that is parsed, or the only one; else the `program` that commander exports. */
export function placeCommander(
  masked: string,
  found: FrameworkImport,
): PluginCall | 'several' | undefined {
  const made = madeCommands(masked, found)
  const parsed = made.filter(({ isParsed }) => isParsed)
  const [root, another] = parsed.length > 0 ? parsed : made
  if (another !== undefined) return 'several'
  if (root !== undefined) return { at: root.end, text: '.use(cliOps())', isRoot: root.isParsed }
  const program = found.names.get('program')
  if (program === undefined) return undefined
  // After the last import and before its first use: a person would not write a statement between two imports.
  const [use] = placesOf(masked, program).filter((place) => place > found.end)
  if (use === undefined) return undefined
  const at = Math.max(found.end, endOfImports(masked.slice(0, use - program.length)))
  return { at, text: `\n\n${program}.use(cliOps())${found.semicolon}`, isRoot: true }
}

interface MadeCommand {
  /** After the closing bracket. */
  readonly end: number
  readonly isParsed: boolean
}

function madeCommands(masked: string, { names }: FrameworkImport): MadeCommand[] {
  const whole = names.get('default')
  const constructor = names.get('Command') ?? (whole === undefined ? undefined : `${whole}.Command`)
  if (constructor === undefined) return []
  const pattern = new RegExp(
    `(?:(?:const|let|var)\\s+(?<variable>[\\w$]+)[^=;]*=\\s*)?\\bnew\\s+${escape(constructor)}\\s*\\(`,
    'gu',
  )
  return [...masked.matchAll(pattern)].flatMap(({ 0: text, index, groups = {} }) => {
    const end = closingBracket(masked, index + text.length - 1) + 1
    if (end === 0) return []
    const { variable } = groups
    const uses = variable === undefined ? [] : placesOf(masked, variable)
    return [{ end, isParsed: [end, ...uses].some((place) => isChainParsed(masked, place)) }]
  })
}

/** Returns where each use of a variable ends. */
function placesOf(masked: string, variable: string): number[] {
  const uses = masked.matchAll(new RegExp(`(?<![\\w$.])${escape(variable)}(?![\\w$])`, 'gu'))
  return Array.from(uses, ({ index }) => index + variable.length)
}

/** Returns whether the calls chained at a position lead to `.parse(…)`. */
function isChainParsed(masked: string, place: number): boolean {
  const link = /\s*\.\s*([\w$]+)\s*\(/uy
  link.lastIndex = place
  const name = link.exec(masked)?.[1]
  if (name === undefined || name === 'parse' || name === 'parseAsync') return name !== undefined
  const close = closingBracket(masked, link.lastIndex - 1)
  return close >= 0 && isChainParsed(masked, close + 1)
}

const IMPORTS =
  /^(?:import\s[^'"()]*|(?:const|let|var)\s[^=;()]*=\s*require\s*\(\s*)['"]\s*['"][^\S\n]*\)?;?[^\S\n]*$/gmu

function endOfImports(masked: string): number {
  const last = [...masked.matchAll(IMPORTS)].at(-1)
  return last === undefined ? 0 : last.index + last[0].length
}

/** Finds the only call `yargs(…)`. */
export function placeYargs(
  masked: string,
  { names }: FrameworkImport,
): PluginCall | 'several' | undefined {
  const name = names.get('default')
  if (name === undefined) return undefined
  const calls = placesOf(masked, name).filter((place) => /^\s*\(/u.test(masked.slice(place)))
  const [call, another] = calls
  if (call === undefined || another !== undefined) return call === undefined ? undefined : 'several'
  const close = closingBracket(masked, masked.indexOf('(', call))
  if (close < 0) return undefined
  // A chain that starts on a new line continues that way.
  const [, gap = ''] = /^(\s*\n[^\S\n]*)\./u.exec(masked.slice(close + 1)) ?? []
  return { at: close + 1, text: `${gap}.middleware(cliOps())`, isRoot: true }
}

function escape(name: string): string {
  return name.replaceAll(/[$.]/gu, String.raw`\$&`)
}
