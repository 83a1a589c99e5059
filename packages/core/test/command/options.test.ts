import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { assertOptions } from '../../src/command/options/assert-options.js'
import { findRule } from '../../src/command/command-rule.js'
import type { HostCommand } from '../../src/command/host/host-command.js'
import { withHomeConfig } from '../../src/command/options/home-config.js'

const schema = z.string()

describe('options', () => {
  test.each([
    ['no object', 7, 'options must be an object, got 7'],
    [
      'a misspelt option',
      { lifecycleEvent: true },
      'options has an unknown key "lifecycleEvent"; did you mean "lifecycleEvents"?',
    ],
    ['an empty name', { name: '' }, 'name must not be empty'],
    ['a relative home', { home: 'here' }, 'home must be an absolute path, got "here"'],
    [
      'a switch that is a word',
      { lifecycleEvents: 'no' },
      'lifecycleEvents must be a boolean, got "no"',
    ],
    ['a limit that is a number', { rateLimit: 5 }, 'rateLimit must be false or an object, got 5'],
    [
      'a burst of nothing',
      { rateLimit: { max: 1, perMs: 1, burst: 0 } },
      'rateLimit.burst must be an integer of at least 1, got 0',
    ],
    [
      'a served request without code',
      { serve: { ping: 1 } },
      'serve.ping must be a function, got 1',
    ],
    [
      'a served request whose schemas have no handler',
      { serve: { ping: { input: schema } } },
      'serve.ping.handler is missing',
    ],
    [
      'a served request whose schema is none',
      { serve: { ping: { input: {}, handler: String } } },
      'serve.ping.input must be a Standard Schema, got an object',
    ],
    [
      'a misspelt schema',
      { serve: { ping: { inptu: schema, handler: String } } },
      'serve.ping has an unknown key "inptu"; did you mean "input"?',
    ],
    [
      'a rule that is a word',
      { commands: { sync: 'db' } },
      'commands["sync"] must be an object, got "db"',
    ],
    [
      'a misspelt rule',
      { commands: { sync: { locks: 'db' } } },
      'commands["sync"] has an unknown key "locks"; did you mean "lock"?',
    ],
    [
      'an empty lock',
      { commands: { sync: { lock: '' } } },
      'commands["sync"].lock must not be empty',
    ],
    [
      'a lock without a resource',
      { commands: { '': { lock: {} } } },
      'commands[""].lock.resource is missing',
    ],
    [
      'a negative timeout',
      { commands: { a: { lock: { resource: 'x', timeoutMs: -1 } } } },
      'commands["a"].lock.timeoutMs must be a number of milliseconds, got -1',
    ],
    [
      'an unknown way of being busy',
      { commands: { a: { lock: { resource: 'x', onBusy: 'retry' } } } },
      'commands["a"].lock.onBusy must be one of wait, fail, skip, join, replace, got "retry"',
    ],
    [
      'a misspelt way of being busy',
      { commands: { a: { lock: { resource: 'x', onBusy: 'fial' } } } },
      'got "fial"; did you mean "fail"?',
    ],
    ['ops commands without a name', { ops: '' }, 'ops must be the name of a command, got ""'],
    ['ops commands of two words', { ops: 'my ops' }, 'ops must be the name of a command'],
    ['half a rate limit', { rateLimit: { max: 1 } }, 'rateLimit.perMs is missing'],
    [
      'a time to end without replacing',
      { commands: { a: { lock: { resource: 'x', onBusy: 'join', graceMs: 1 } } } },
      'commands["a"].lock.graceMs needs onBusy "replace"',
    ],
    [
      'a negative time to end',
      { commands: { a: { lock: { resource: 'x', onBusy: 'replace', graceMs: -1 } } } },
      'commands["a"].lock.graceMs must be a number of milliseconds, got -1',
    ],
    [
      'replacing one of several sharers',
      { commands: { a: { lock: { resource: 'x', onBusy: 'replace', mode: 'shared' } } } },
      'commands["a"].lock.mode must be exclusive with "replace", got "shared"',
    ],
    [
      'joining one of several slots',
      { commands: { a: { lock: { resource: 'x', onBusy: 'join', slots: 2 } } } },
      'commands["a"].lock.slots cannot be combined with onBusy "join"',
    ],
    [
      'joining as the latest of those who wait',
      { commands: { a: { lock: { resource: 'x', onBusy: 'join', queue: 'latest' } } } },
      'commands["a"].lock.queue must be all with "join", got "latest"',
    ],
  ])('refuse %s', (_what, options, message) => {
    expect(() => {
      assertOptions(options)
    }).toThrow(TypeError)
    expect(() => {
      assertOptions(options)
    }).toThrow(message)
  })

  test('accept everything that is documented', () => {
    const lock = { resource: 'x', mode: 'shared', timeoutMs: Infinity, onBusy: 'skip' }
    expect(() => {
      assertOptions({
        name: 'a',
        version: '1',
        home: '/tmp',
        namespace: 'team',
        url: 'memory:',
        disabled: false,
        lifecycleEvents: false,
        ops: 'coordination',
        serve: { ping: () => 'pong', pong: { input: schema, handler: String } },
        commands: {
          'a b': { lock, emits: () => undefined },
          '*': { lock: () => 'x', emits: 'done' },
          c: { lock: { resource: 'x', onBusy: 'replace', graceMs: 0, queue: 'latest' } },
          d: { lock: { resource: 'x', onBusy: 'join', timeoutMs: 1 } },
        },
      })
    }).not.toThrow()
  })

  test('accept the URL of several servers, as CLI_OPS_URL does', () => {
    expect(() => {
      assertOptions({ url: 'redis://one:6379,two:6379/0' })
    }).not.toThrow()
  })
})

describe('a command’s rule', () => {
  const commands = {
    'task add': { lock: 'a' },
    'task:done': { lock: 'b' },
    '': { lock: 'root' },
    '*': { lock: 'any' },
  }
  test.each([
    ['task add', 'a'],
    ['task done', 'b'],
    ['', 'root'],
    ['other', 'any'],
    ['constructor', 'any'],
  ])('%j is found', (command, lock) => {
    expect(findRule(commands, hostOf(command))?.lock).toBe(lock)
  })

  test('is missing if none is given', () => {
    expect(findRule({ a: {} }, hostOf('b'))).toBeUndefined()
    expect(findRule(undefined, hostOf('toString'))).toBeUndefined()
  })
})

describe('the home’s config.json', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  })
  afterEach(() => {
    rmSync(home, { recursive: true })
  })

  function write(content: string): void {
    writeFileSync(join(home, 'config.json'), content)
  }

  test('adds to the author’s options and wins command by command', () => {
    write(
      JSON.stringify({
        clis: { svgo: { namespace: 'mine', commands: { '': { lock: 'icons' } } } },
      }),
    )
    const options = {
      home,
      namespace: 'theirs',
      commands: { '': { lock: 'x' }, other: { lock: 'y' } },
    }
    expect(withHomeConfig(home, ['svgo'], options).options).toEqual({
      home,
      namespace: 'mine',
      commands: { '': { lock: 'icons' }, other: { lock: 'y' } },
    })
    expect(withHomeConfig(home, ['cli', 'svgo'], options).options).toMatchObject({
      namespace: 'mine',
    })
    expect(withHomeConfig(home, ['another'], options).options).toEqual(options)
    expect(withHomeConfig(home, ['__proto__'], options).options).toEqual(options)
  })

  test.each([
    ['garbage', '{', 'JSON'],
    [
      'a wrong rule',
      '{"clis":{"svgo":{"commands":{"":{"lock":7}}}}}',
      'commands[""].lock must be a resource name or a lock rule, got 7',
    ],
    ['a home', '{"clis":{"svgo":{"home":"/x"}}}', 'home cannot be set in the home itself'],
    ['a name', '{"clis":{"svgo":{"name":"x"}}}', 'name can only be set in the code of the CLI'],
    [
      'a misspelt option',
      '{"clis":{"svgo":{"comands":{}}}}',
      'clis["svgo"] has an unknown key "comands"; did you mean "commands"?',
    ],
    ['a list', '{"clis":7}', 'clis must be an object, got 7'],
  ])('with %s is refused, naming the file and the place', (_what, content, message) => {
    write(content)
    const read = (): unknown => withHomeConfig(home, ['svgo'], { home })
    expect(read).toThrow(TypeError)
    expect(read).toThrow(`${join(home, 'config.json')} cannot be used: `)
    expect(read).toThrow(message)
  })
})

/** A command of a program that knows no other commands beforehand. */
function hostOf(command: string): HostCommand {
  return {
    program: { name: 'host' },
    context: { command, args: [], options: {} },
    isOwnCommandLine: true,
    livesOn: false,
    commands: { resolve: () => null, list: () => [] },
  }
}
