import { PLAIN, type Step } from './operation.js'

/** What the scheduler does next. */
export type Choice =
  /** A process takes a step. */
  | { readonly kind: 'step'; readonly process: number; readonly step: Step }
  /** A process ends forever, before its next operation or (`step.tear`) in the middle of it. */
  | { readonly kind: 'crash'; readonly process: number }
  | { readonly kind: 'stop'; readonly process: number }
  | { readonly kind: 'continue'; readonly process: number }
  /** Time passes. */
  | { readonly kind: 'time' }

const FAULT = 'ENOSPC'

/**
 * Formats a choice: `A` a step, `A2` its third outcome, `A~` a timer, `A!` a crash, `A!1` one in mid-write, `A%` a full
 * disk, `A-` and `A+` a stop, `T`.
 */
export function formatChoice(choice: Choice): string {
  if (choice.kind === 'time') return 'T'
  const name = String.fromCharCode(65 + choice.process)
  if (choice.kind === 'crash') return `${name}!`
  if (choice.kind === 'stop') return `${name}-`
  if (choice.kind === 'continue') return `${name}+`
  const { outcome, tear, fault, wake } = choice.step
  if (tear !== undefined) return `${name}!${tear}`
  if (fault !== undefined) return `${name}%`
  if (wake) return `${name}~`
  return name + (outcome === undefined ? '' : String(outcome))
}

function parseChoice(text: string): Choice {
  if (text === 'T') return { kind: 'time' }
  const [, letter, sign = '', digits = ''] = /^([A-S])([!%~+-]?)(\d*)$/u.exec(text) ?? []
  if (letter === undefined)
    throw new TypeError(`a seed consists of choices, got ${JSON.stringify(text)}`)
  const process = letter.charCodeAt(0) - 65
  const number = digits === '' ? undefined : Number(digits)
  if (sign === '-') return { kind: 'stop', process }
  if (sign === '+') return { kind: 'continue', process }
  if (sign === '!' && number === undefined) return { kind: 'crash', process }
  const steps: Record<string, Step> = {
    '': number === undefined ? {} : { outcome: number },
    '!': number === undefined ? {} : { tear: number },
    '%': { fault: FAULT },
    '~': { wake: true },
  }
  return { kind: 'step', process, step: steps[sign] ?? {} }
}

/** Formats a schedule as its seed: `5A.B.A!.12B`. */
export function formatSeed(choices: readonly Choice[]): string {
  const runs: { text: string; count: number }[] = []
  for (const choice of choices) {
    const text = formatChoice(choice)
    const last = runs.at(-1)
    if (last?.text === text) last.count += 1
    else runs.push({ text, count: 1 })
  }
  return runs.map(({ text, count }) => (count > 1 ? `${count}${text}` : text)).join('.')
}

/** Parses a seed. @throws TypeError */
export function parseSeed(seed: string): Choice[] {
  if (seed === '') return []
  return seed.split('.').flatMap((run) => {
    const [, count = '', text = ''] = /^(\d*)(.+)$/u.exec(run) ?? []
    return Array<Choice>(count === '' ? 1 : Number(count)).fill(parseChoice(text))
  })
}

/** Returns the choice of an ordinary step. */
export function plainStep(process: number): Choice & { readonly kind: 'step' } {
  return { kind: 'step', process, step: PLAIN }
}

/** Returns the choice of a full disk. */
export function faultOf(process: number): Choice {
  return { kind: 'step', process, step: { fault: FAULT } }
}

const shared = new Map<string, Choice>()

/** Returns one object for all equal choices. */
export function sharedChoice(choice: Choice): Choice {
  const text = formatChoice(choice)
  const known = shared.get(text)
  if (known !== undefined) return known
  shared.set(text, choice)
  return choice
}
