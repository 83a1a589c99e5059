import { MUTANTS } from './mutants.mjs'

/**
 * One exploration. `variant` is `real` or the name of a mutant.
 *
 * @typedef {{ readonly variant: string, readonly platform: 'posix' | 'windows', readonly scenario: string }} Task
 */

/**
 * @typedef {Task & {
 *   readonly schedules: number, readonly states: number, readonly ends: number, readonly isComplete: boolean, readonly seconds: number,
 *   readonly violations: readonly { readonly message: string, readonly seed: string }[]
 * }} Row
 */

const PLATFORMS = /** @type {const} */ (['posix', 'windows'])

/** The scenarios that end differently where the name of an open file stays and nothing can be renamed over a directory. */
const SHORT_ON_WINDOWS = new Set([
  'first use',
  'two take it twice',
  'an owner and sharers',
  'a removal',
  'two commands',
  'two append',
  'one that keeps its segment open, and a rotation',
  'expiry',
  'expiry under a reader',
  'expiry after a crash in a rotation',
])

/** @param {string} variant */
export function changesOf(variant) {
  return MUTANTS.find(({ name }) => name === variant)?.changes ?? []
}

/** @param {typeof import('./main.ts')} explorer @param {import('./scenarios/lock-scenarios.ts').Size} size */
export function scenariosOf(explorer, size) {
  return [
    ...explorer.lockScenarios(size),
    ...explorer.slotScenarios(size),
    ...explorer.runScenarios(size),
    ...explorer.eventScenarios(size),
  ]
}

/**
 * @param {typeof import('./main.ts')} explorer @param {import('./scenarios/lock-scenarios.ts').Size} size
 * @returns {Task[]}
 */
export function tasksOf(explorer, size) {
  const real = scenariosOf(explorer, size).flatMap(({ name }) =>
    PLATFORMS.filter(
      (platform) => platform === 'posix' || size === 'long' || SHORT_ON_WINDOWS.has(name),
    ).map((platform) => ({ variant: 'real', platform, scenario: name })),
  )
  const mutants = MUTANTS.flatMap(({ name, scenarios }) =>
    scenarios.map((scenario) => ({
      variant: name,
      platform: /** @type {const} */ ('posix'),
      scenario,
    })),
  )
  return [...real, ...mutants, STALE_BREAK]
}

/** @type {Task} */
const STALE_BREAK = {
  variant: 'break what looks stale, as proper-lockfile does',
  platform: 'posix',
  scenario: 'stat, rmdir, mkdir',
}

/**
 * Returns whether the kit violates something, or none of its scenarios catches a mutant.
 *
 * @param {readonly Row[]} rows
 */
export function isWrong(rows) {
  return [...byVariant(rows)].some(([variant, own]) =>
    variant === 'real'
      ? own.some(({ violations, isComplete }) => violations.length > 0 || !isComplete)
      : own.every(({ violations }) => violations.length === 0),
  )
}

/** @param {readonly Row[]} rows @returns {ReadonlyMap<string, readonly Row[]>} */
export function byVariant(rows) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map()
  for (const row of rows) groups.set(row.variant, [...(groups.get(row.variant) ?? []), row])
  return groups
}
