import type { Command, Option } from 'commander'

/** One possible completion. */
export interface Candidate {
  readonly value: string
  readonly description: string
}

/** The kinds of values that are looked up on demand. */
export type ValueKind = 'resource' | 'lock-id' | 'event' | 'service' | 'access-key' | 'attached'

/** Looks up values; `words` is the command line so far. */
export type LookUp = (kind: ValueKind, words: readonly string[]) => Promise<readonly string[]>

/** Names of arguments and options whose values are looked up. */
const KINDS: ReadonlyMap<string, ValueKind> = new Map([
  ['resource', 'resource'],
  ['lock', 'resource'],
  ['id', 'lock-id'],
  ['type', 'event'],
  ['event', 'event'],
  ['emit', 'event'],
  ['emits', 'event'],
  ['name', 'service'],
  ['access-key', 'access-key'],
  ['attached', 'attached'],
])
const CHOICES: ReadonlyMap<string, readonly string[]> = new Map([
  ['keep-for', ['child', 'descendants']],
  ['queue', ['all', 'latest']],
  ['on-busy', ['wait', 'fail', 'skip', 'join', 'replace']],
  ['scope', ['read', 'emit', 'lock', 'call', 'read,emit,lock,call']],
])

/** Returns the completions of the last word; the words before it determine its place. */
export async function findCandidates(
  program: Command,
  words: readonly string[],
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  const { command, operands, pending, isOver } = walk(program, before)
  // Words after the program of `run` belong to that program.
  if (isOver) return []
  const all =
    pending !== undefined
      ? await valuesOf(pending.name(), words, lookUp)
      : current.startsWith('-')
        ? optionsOf(command)
        : await operandsOf(command, operands, words, lookUp)
  return all.filter(({ value }) => value.startsWith(current))
}

interface Place {
  readonly command: Command
  /** The number of operands so far. */
  readonly operands: number
  /** The option whose value comes next. */
  readonly pending: Option | undefined
  readonly isOver: boolean
}

function walk(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, operands: 0, pending: undefined, isOver: false }
  for (const word of words) place = step(place, word)
  return place
}

function step(place: Place, word: string): Place {
  const { command, operands, pending } = place
  if (pending !== undefined) return { ...place, pending: undefined }
  const isVariadic = command.registeredArguments[0]?.variadic === true
  if (word === '--') return { ...place, isOver: isVariadic }
  if (word.startsWith('-')) {
    const option = command.options.find(({ short, long }) => word === short || word === long)
    return { ...place, pending: option?.required === true ? option : undefined }
  }
  const below = operands === 0 ? visible(command).find((one) => one.name() === word) : undefined
  if (below !== undefined) return { ...place, command: below, operands: 0 }
  return { ...place, operands: operands + 1, isOver: isVariadic }
}

async function operandsOf(
  command: Command,
  operands: number,
  words: readonly string[],
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  const below = operands === 0 ? visible(command) : []
  const argument = command.registeredArguments[operands]
  const values =
    argument === undefined
      ? []
      : (argument.argChoices?.map(plain) ?? (await valuesOf(argument.name(), words, lookUp)))
  const commands = below.map((one) => ({ value: one.name(), description: one.description() }))
  return [...commands, ...values]
}

function optionsOf(command: Command): Candidate[] {
  const own = command.options.flatMap(({ long, short, description, hidden }) =>
    hidden ? [] : [{ value: long ?? short ?? '', description }],
  )
  return [...own, { value: '--help', description: 'display help for command' }]
}

async function valuesOf(
  name: string,
  words: readonly string[],
  lookUp: LookUp,
): Promise<readonly Candidate[]> {
  const choices = CHOICES.get(name)
  if (choices !== undefined) return choices.map(plain)
  const kind = KINDS.get(name)
  return kind === undefined ? [] : (await lookUp(kind, words)).map(plain)
}

function visible(command: Command): readonly Command[] {
  return command.commands.filter((one) => !one.name().startsWith('__'))
}

function plain(value: string): Candidate {
  return { value, description: '' }
}
