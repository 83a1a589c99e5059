/** The options that name a module for Node to load before the program. */
const LOADERS = ['--import', '--require', '-r'] as const
type Loader = (typeof LOADERS)[number]

/** Returns the replacement for the module that a loader option names; `undefined` to keep it. */
export type ReplaceModule = (loader: Loader, module: string) => string | undefined

/** One argument in an option text. */
interface Word {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Replaces modules in Node's arguments, in place. */
export function replaceInArguments(args: string[], replace: ReplaceModule): void {
  for (const [index, arg] of args.entries()) {
    const replaced = replacement(arg, args[index - 1], replace)
    if (replaced !== undefined) args[index] = replaced
  }
}

/** Replaces modules in the text of `NODE_OPTIONS`; everything else stays as written. */
export function replaceInNodeOptions(text: string, replace: ReplaceModule): string {
  const words = splitNodeOptions(text)
  let result = ''
  let copied = 0
  for (const [index, { value, start, end }] of words.entries()) {
    const replaced = replacement(value, words[index - 1]?.value, replace)
    if (replaced === undefined) continue
    result += text.slice(copied, start) + quoted(replaced)
    copied = end
  }
  return result + text.slice(copied)
}

function replacement(
  arg: string,
  before: string | undefined,
  replace: ReplaceModule,
): string | undefined {
  const loader = LOADERS.find((option) => option === before)
  if (loader !== undefined) return replace(loader, arg)
  for (const option of LOADERS) {
    const prefix = `${option}=`
    if (!arg.startsWith(prefix)) continue
    const module = replace(option, arg.slice(prefix.length))
    return module === undefined ? undefined : prefix + module
  }
  return undefined
}

/** Splits as Node splits `NODE_OPTIONS`: at spaces outside double quotes, in which a backslash escapes the next character. */
function splitNodeOptions(text: string): Word[] {
  const words: Word[] = []
  let value = ''
  let start: number | undefined
  let isQuoted = false
  for (let index = 0; index <= text.length; index += 1) {
    const character = text[index]
    if (character === undefined || (character === ' ' && !isQuoted)) {
      if (start !== undefined) words.push({ value, start, end: index })
      value = ''
      start = undefined
      continue
    }
    start ??= index
    if (character === '"') isQuoted = !isQuoted
    else if (character === '\\' && isQuoted) value += text[(index += 1)] ?? ''
    else value += character
  }
  return words
}

function quoted(word: string): string {
  return /[ "\\]/u.test(word) ? `"${word.replaceAll(/["\\]/gu, String.raw`\$&`)}"` : word
}
