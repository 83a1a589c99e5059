import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createDriverOptions } from '../engine/driver-options.js'
import type { Driver } from '../drivers/driver.js'
import { describe as describeValue } from '../base/names/assert-name.js'
import { assertKnown } from '../base/validation/assert-known.js'
import { randomId } from '../base/names/random-id.js'
import { CaseContext } from './conformance/harness/case-context.js'
import type { CaseGroup, ConformanceCase, Need } from './conformance/harness/conformance-case.js'
import { CONFORMANCE_GROUPS } from './conformance/conformance-groups.js'
import type { DriverUnderTest } from './conformance/harness/driver-under-test.js'
import { type EngineFaults, LIMITS } from './conformance/harness/engine-faults.js'
import type { TestRunner } from './conformance/harness/test-runner.js'

/**
 * Registers the conformance suite for drivers with a test runner: one test for each promise of the driver contract. A case is
 * skipped only if the driver or the target lacks something that it needs, or by `except`; the reason is part of the test's name.
 *
 * The driver is created once during registration, to read its capabilities, but not opened.
 *
 * @throws TypeError when the target is wrong, or `except` names a case that does not exist
 * @example
 * ```ts
 * import { testDriver } from '@cli-ops/shared-ipc/testing'
 * import { describe, test } from 'vitest'
 * import { createDriver } from '../src/index.js'
 *
 * testDriver({ describe, test }, { name: 'redis', createDriver, url: 'redis://127.0.0.1:6379' })
 * ```
 */
export function testDriver(runner: TestRunner, target: DriverUnderTest): void {
  assertRunner(runner)
  assertTarget(target)
  const driver = makeToLookAt(target)
  for (const group of CONFORMANCE_GROUPS) {
    runner.describe(`${target.name} ${group.about}`, () => {
      for (const each of group.cases)
        register(runner, target, each, skipReason(driver, target, group, each))
    })
  }
}

const TARGET_FIELDS = Object.keys({
  name: true,
  createDriver: true,
  url: true,
  isolated: true,
  except: true,
  faults: true,
  timeoutMs: true,
} satisfies Record<keyof DriverUnderTest, true>)

const FAULTS: Readonly<Record<keyof EngineFaults, string>> = {
  pause: 'pause of its engine',
  kill: 'crash of its engine',
  openLink: 'cut of the link to its engine',
  demote: 'demotion of a node',
  loseWrites: 'failover with lost writes',
  move: 'move to another node',
  forget: 'restart without data',
  flush: 'flush',
  evict: 'eviction',
  clockForward: 'step forward of its clock',
  clockBack: 'step back of its clock',
  refuse: 'engine that refuses a command',
  fill: 'full engine',
  volatile: 'engine without persistence',
}

function register(
  { test }: TestRunner,
  target: DriverUnderTest,
  { name, run }: ConformanceCase,
  reason: string | undefined,
): void {
  const body = (): Promise<void> => runCase(target, run)
  if (reason === undefined) test(name, body)
  else test.skip(`${name} (skipped: ${reason})`, body)
}

async function runCase(target: DriverUnderTest, run: ConformanceCase['run']): Promise<void> {
  const url = typeof target.url === 'string' ? target.url : await target.url()
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  const place = { home, namespace: randomId() }
  const context = new CaseContext(target, createDriverOptions(new URL(url), place, LIMITS))
  try {
    try {
      await run(context)
    } finally {
      await context.close()
    }
  } finally {
    // On Windows, a file that was open a moment ago keeps its folder busy for another moment.
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

function skipReason(
  driver: Driver,
  { except = {}, isolated = false, faults = {} }: DriverUnderTest,
  { about }: CaseGroup,
  { name, needs = [] }: ConformanceCase,
): string | undefined {
  if (Object.hasOwn(except, name)) return except[name]
  if (about !== 'driver' && driver[about] === undefined) return `the driver has no ${about}`
  for (const need of needs) {
    if (need === 'peers') {
      if (isolated) return 'needs two drivers on one place'
    } else if (isFault(need)) {
      if (faults[need] === undefined) return `the target stages no ${FAULTS[need]}`
    } else if (!driver.capabilities[need]) return `needs ${need}`
  }
  return undefined
}

function isFault(need: Need): need is keyof EngineFaults {
  return Object.hasOwn(FAULTS, need)
}

/** Creates a driver only to read its capabilities; this does no I/O. */
function makeToLookAt({ createDriver, url, name }: DriverUnderTest): Driver {
  const known = typeof url === 'string' ? url : `${name}://localhost`
  const place = { home: join(tmpdir(), 'cli-ops-never-made'), namespace: '' }
  const engine = new URL(URL.canParse(known) ? known : 'unknown:')
  return createDriver(createDriverOptions(engine, place, LIMITS))
}

function assertRunner(runner: unknown): asserts runner is TestRunner {
  const { describe, test } = (runner ?? {}) as Partial<TestRunner>
  if (typeof describe !== 'function' || typeof test !== 'function' || !('skip' in test)) {
    throw new TypeError('runner must have describe, test and test.skip')
  }
}

function assertTarget(target: DriverUnderTest): void {
  assertKnown('target', target, TARGET_FIELDS)
  const { name, createDriver, url, except = {}, timeoutMs } = target
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`name must be a non-empty string, got ${describeValue(name)}`)
  }
  if (typeof createDriver !== 'function') {
    throw new TypeError(`createDriver must be a function, got ${describeValue(createDriver)}`)
  }
  if (typeof url !== 'function' && !(typeof url === 'string' && URL.canParse(url))) {
    throw new TypeError(
      `url must be a URL or a function that returns one, got ${describeValue(url)}`,
    )
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new TypeError(`timeoutMs must be a number above 0, got ${describeValue(timeoutMs)}`)
  }
  const names = new Set(CONFORMANCE_GROUPS.flatMap(({ cases }) => cases).map((each) => each.name))
  for (const [excepted, reason] of Object.entries(except)) {
    // An exception that outlives its case would hide a later case with the same name.
    if (!names.has(excepted)) {
      throw new TypeError(`except must name cases of the suite, got ${JSON.stringify(excepted)}`)
    }
    if (typeof reason !== 'string' || reason === '') {
      throw new TypeError(`except[${JSON.stringify(excepted)}] must be the reason`)
    }
  }
}
