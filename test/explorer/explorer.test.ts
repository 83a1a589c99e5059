import { beforeAll, describe, expect, test } from 'vitest'
import { recordFigure } from '../storm/record-figure.js'
import { isLong } from '../storm/scale.js'
import { loadExplorer } from './bundle.mjs'
import { runTasks } from './run-tasks.mjs'
import { type Row, scenariosOf, tasksOf } from './tasks.mjs'

const size = isLong ? 'long' : 'short'
const explorer = await loadExplorer({ name: 'real' })
const tasks = tasksOf(explorer, size)
const real = tasks.filter(({ variant }) => variant === 'real')
const mutants = [
  ...new Set(tasks.filter((task) => !real.includes(task)).map(({ variant }) => variant)),
]
const rows: Row[] = []

beforeAll(
  async () => {
    await runTasks(tasks, size, (row) => rows.push(row))
  },
  isLong ? 10_800_000 : 600_000,
)

test('every scenario has a unique name', () => {
  const names = scenariosOf(explorer, 'long').map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
})

describe('every schedule', () => {
  test.each(real)('of $scenario, $platform', ({ scenario, platform }) => {
    const row = rows.find(
      (own) => isOf(own, 'real') && own.scenario === scenario && own.platform === platform,
    )
    // A violation's seed is for `node test/explorer/run.mjs`.
    expect(row?.violations).toEqual([])
    expect(row?.isComplete).toBe(true)
  })
})

describe('catches a known-bad variant', () => {
  test.each(mutants)('%s', (variant) => {
    const found = rows.filter((row) => isOf(row, variant)).flatMap(({ violations }) => violations)
    expect(found).not.toEqual([])
  })
})

test('the figures', () => {
  const own = rows.filter((row) => isOf(row, 'real'))
  const sum = (what: 'schedules' | 'states'): number => own.reduce((all, row) => all + row[what], 0)
  const violations = own.flatMap((row) => row.violations)
  recordFigure({
    what: 'real code on a simulated file system: schedules, different states, violations',
    goal: '0 violations',
    found: `${sum('schedules').toExponential(1)}, ${sum('states')}, ${violations.length}`,
    met: violations.length === 0,
  })
})

function isOf(row: Row, variant: string): boolean {
  return row.variant === variant
}
