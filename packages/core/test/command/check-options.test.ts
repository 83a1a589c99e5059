import { beforeEach, describe, expect, test, vi } from 'vitest'

import {
  assertEmits,
  assertLockRule,
  assertOptions,
} from '../../src/command/options/assert-options.js'
import { checkEmits, checkLockRule, checkOptions } from '../../src/command/check-options.js'

type Check = (value: unknown) => void
const noop = (): void => undefined

let loads = 0
beforeEach(() => {
  loads = 0
})
vi.mock('../../src/command/lazy.js', () => ({
  loadParts: () => {
    loads += 1
    return { assertEmits, assertLockRule, assertOptions }
  },
}))

function outcome(check: Check, value: unknown): string {
  try {
    check(value)
    return 'right'
  } catch (error) {
    return String(error)
  }
}

const OPTIONS = {
  quick: (value: unknown) => checkOptions(value),
  full: (value: unknown) => assertOptions(value),
}
const LOCK = {
  quick: (value: unknown) => checkLockRule('lock', value),
  full: (value: unknown) => assertLockRule('lock', value),
}
const EMITS = {
  quick: (value: unknown) => checkEmits('events', value),
  full: (value: unknown) => assertEmits('events', value),
}

describe('typical options pass without the full check', () => {
  test.each([
    ['options', OPTIONS, {}],
    [
      'options',
      OPTIONS,
      { name: 'cli-alpha', version: '1.2.3', ops: true, lifecycleEvents: false },
    ],
    ['options', OPTIONS, { disabled: false, serve: { status: noop } }],
    ['options', OPTIONS, { schemas: { 'task:created': { '~standard': { validate: noop } } } }],
    ['options', OPTIONS, { commands: { '*': {}, sync: { lock: 'db', emits: 'task:created' } } }],
    ['options', OPTIONS, { commands: { sync: { lock: noop, emits: noop } } }],
    ['options', OPTIONS, { commands: { sync: { lock: { resource: 'db', onBusy: 'skip' } } } }],
    ['a lock', LOCK, 'task-database'],
    ['a lock', LOCK, { resource: 'db', mode: 'shared', timeoutMs: 0, onBusy: 'wait' }],
    ['events', EMITS, 'task:created'],
    ['events', EMITS, noop],
  ] as const)('%s %#', (_what, { quick, full }, value) => {
    expect(outcome(quick, value)).toBe('right')
    expect(loads).toBe(0)
    expect(outcome(full, value)).toBe('right')
  })
})

describe('the full check judges everything else', () => {
  const WRONG_NAMES = ['', 'a\nb', 'x'.repeat(2000), 7, null]
  test.each([
    ...[null, 7, [], 'x', { nmae: 'x' }, { ops: 1 }, { serve: { x: 1 } }, { serve: [] }].map(
      (value) => [OPTIONS, value] as const,
    ),
    ...[{ home: 'relative' }, { namespace: 7 }, { url: 7 }, { lifecycleEvents: 'no' }].map(
      (value) => [OPTIONS, value] as const,
    ),
    ...[{ commands: [] }, { commands: { x: null } }, { commands: { x: { emit: 'y' } } }].map(
      (value) => [OPTIONS, value] as const,
    ),
    ...[{ emits: 'x:*' }, { emits: 7 }, { lock: { resource: 'x', wait: 1 } }, { lock: [] }].map(
      (rule) => [OPTIONS, { commands: { x: rule } }] as const,
    ),
    ...WRONG_NAMES.map((name) => [OPTIONS, { name }] as const),
    ...WRONG_NAMES.map((resource) => [LOCK, { resource }] as const),
    ...[...WRONG_NAMES, {}, [], { mode: 'shared' }, { resource: 'x', mode: 'both' }].map(
      (rule) => [LOCK, rule] as const,
    ),
    ...[Number.NaN, -1, '1'].map((timeoutMs) => [LOCK, { resource: 'x', timeoutMs }] as const),
    ...[{ resource: 'x', onBusy: 'run' }].map((rule) => [LOCK, rule] as const),
    ...[...WRONG_NAMES, 'task:*', {}].map((events) => [EMITS, events] as const),
  ])('wrong %#', ({ quick, full }, value) => {
    const told = outcome(full, value)
    expect(told).toMatch(/^TypeError: /u)
    expect(outcome(quick, value)).toBe(told)
  })

  test.each([
    [OPTIONS, { name: 'größe', home: '/tmp/home', namespace: 'team', url: 'local:' }],
    [OPTIONS, { ops: 'coordination', version: undefined }],
    [LOCK, 'größe'],
    [EMITS, 'größe:neu'],
  ])('unusual but valid %#', ({ quick, full }, value) => {
    expect(outcome(full, value)).toBe('right')
    expect(outcome(quick, value)).toBe('right')
  })
})
