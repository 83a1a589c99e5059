import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeConfigSchema } from '@cli-ops/shared-ipc/schemas'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type * as z from 'zod'

import type { CommandRule, LockRule } from '../../src/command/options/cli-ops-options.js'
import { withHomeConfig } from '../../src/command/options/home-config.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

const ACCEPTED = [
  {},
  { commands: {} },
  { commands: { '': { lock: 'icons', emits: 'icons:optimised' } } },
  { commands: { '*': { lock: { resource: 'd', mode: 'shared', timeoutMs: 0, onBusy: 'skip' } } } },
  { namespace: 'team', url: { events: 'local:' }, disabled: false, lifecycleEvents: false },
]

const REFUSED = [
  { home: '/elsewhere' },
  { name: 'another' },
  { version: '2.0.0' },
  { ops: true },
  { serve: {} },
  { comands: {} },
  { disabled: 'yes' },
  { lifecycleEvents: 1 },
  { commands: { a: { lok: 'db' } } },
  { commands: { a: { lock: '' } } },
  { commands: { a: { lock: { mode: 'shared' } } } },
  { commands: { a: { lock: { resource: 'db', onBusy: 'no' } } } },
  { commands: { a: { lock: { resource: 'db', timeoutMs: -1 } } } },
  { commands: { a: { emits: '' } } },
]

type Rules = NonNullable<NonNullable<z.output<typeof homeConfigSchema>['clis']>[string]['commands']>
type Rule = Rules[string]

describe('the schema of config.json and the kit agree', () => {
  test('on what a rule can have', () => {
    expectTypeOf<keyof Rule>().toEqualTypeOf<keyof CommandRule>()
    type Lock = Exclude<Rule['lock'], string | undefined>
    expectTypeOf<keyof Lock>().toEqualTypeOf<keyof LockRule>()
  })

  test.each(ACCEPTED)('to accept %j', (config) => {
    expect(homeConfigSchema.safeParse({ clis: { svgo: config } }).success).toBe(true)
    expect(isTaken(config)).toBe(true)
  })

  test.each(REFUSED)('to refuse %j', (config) => {
    expect(homeConfigSchema.safeParse({ clis: { svgo: config } }).success).toBe(false)
    expect(isTaken(config)).toBe(false)
  })
})

/** Returns whether the kit accepts a CLI's options. */
function isTaken(config: object): boolean {
  const home = temporaryHome()
  writeFileSync(join(home, 'config.json'), JSON.stringify({ clis: { svgo: config } }))
  try {
    withHomeConfig(home, ['svgo'], { home })
    return true
  } catch {
    return false
  }
}
