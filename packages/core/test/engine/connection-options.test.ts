import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { resolveConnection } from '../../src/engine/connection-options.js'

const HOME = '/home/dev/ops'

describe('the home directory', () => {
  test.each([
    ['the option', { home: '/a' }, { CLI_OPS_HOME: '/b' }, '/a'],
    ['CLI_OPS_HOME', {}, { CLI_OPS_HOME: '/b', XDG_DATA_HOME: '/c' }, '/b'],
    ['XDG_DATA_HOME', {}, { XDG_DATA_HOME: '/c' }, '/c/cli-ops'],
    [
      'the default where XDG_DATA_HOME is relative',
      {},
      { XDG_DATA_HOME: 'c' },
      `${homedir()}/.local/share/cli-ops`,
    ],
    [
      'the default where the variable is empty',
      {},
      { CLI_OPS_HOME: '' },
      `${homedir()}/.local/share/cli-ops`,
    ],
  ])('comes from %s', (_what, options, env, home) => {
    expect(resolveConnection(options, env).home).toBe(home)
  })

  test.each(['relative', '', '/a\0b', 7 as unknown as string])('refuses %j', (home) => {
    expect(() => resolveConnection({ home }, {})).toThrow('home must be an absolute path, got')
  })
})

test('every primitive is local unless a URL says otherwise', () => {
  expect(resolveConnection({ home: HOME }, {}).urlOf('locks')).toBe('local:')
  expect(resolveConnection({ home: HOME }, { CLI_OPS_URL: 'redis://a' }).urlOf('locks')).toBe(
    'redis://a',
  )
  const mixed = resolveConnection(
    { home: HOME, url: { events: 'amqp://b' } },
    { CLI_OPS_URL: 'redis://a' },
  )
  expect([mixed.urlOf('events'), mixed.urlOf('locks')]).toEqual(['amqp://b', 'local:'])
})

test('the environment sets one URL for all, or one for each primitive', () => {
  const env = { CLI_OPS_URL: 'redis://a', CLI_OPS_EVENTS_URL: 'amqp://b', CLI_OPS_RPC_URL: '' }
  const { urlOf } = resolveConnection({ home: HOME }, env)
  expect(['locks', 'events', 'registry', 'rpc'].map((name) => urlOf(name as 'locks'))).toEqual([
    'redis://a',
    'amqp://b',
    'redis://a',
    'redis://a',
  ])
  const inCode = resolveConnection({ home: HOME, url: 'memory:' }, env)
  expect(inCode.urlOf('events')).toBe('memory:')
  const alone = resolveConnection({ home: HOME }, { CLI_OPS_LOCKS_URL: 'redis://a' })
  expect([alone.urlOf('locks'), alone.urlOf('events')]).toEqual(['redis://a', 'local:'])
})

test.each([
  ['what is no string', 7, 'url must be a string or an object of strings'],
  ['null', null, 'url must be a string or an object of strings'],
  ['what is no primitive', { lock: 'redis://u:secret@a' }, 'url must name locks, events, registry'],
  ['a member that is no string', { locks: 7 }, 'url.locks must be a string'],
])('refuses %s as a URL, without showing it', (_what, url, message) => {
  const resolve = (): unknown => resolveConnection({ home: HOME, url: url as never }, {})
  expect(resolve).toThrow(TypeError)
  expect(resolve).toThrow(message)
  expect(resolve).not.toThrow('secret')
})

test.each([
  ['1', true],
  ['true', true],
  ['0', false],
  ['', false],
])('CLI_OPS_DISABLED=%s means %s', (value, disabled) => {
  expect(resolveConnection({ home: HOME }, { CLI_OPS_DISABLED: value }).disabled).toBe(disabled)
  expect(
    resolveConnection({ home: HOME, disabled: !disabled }, { CLI_OPS_DISABLED: value }).disabled,
  ).toBe(!disabled)
})

test('refuses wrong values by name', () => {
  expect(() => resolveConnection({ home: HOME, namespace: 'a\nb' }, {})).toThrow(
    'namespace must not contain control',
  )
  expect(() => resolveConnection({ home: HOME, disabled: 'yes' as never }, {})).toThrow(
    'disabled must be true or false',
  )
})

describe('the home', () => {
  test('is found in the user database if HOME is empty', () => {
    expect(resolveConnection({}, { HOME: '' }).home).toBe(
      join(userInfo().homedir, '.local', 'share', 'cli-ops'),
    )
  })

  test.each([
    [{ HOME: 'me' }, 'HOME must be an absolute path, got "me"; set HOME or CLI_OPS_HOME'],
    [{ HOME: '/h\ufffdme' }, 'HOME must be UTF-8, got "/h\ufffdme"; set HOME or CLI_OPS_HOME'],
    [{ XDG_DATA_HOME: '/h\ufffdme' }, 'XDG_DATA_HOME must be UTF-8, got "/h\ufffdme"'],
    [{ CLI_OPS_HOME: 'ops', HOME: '/me' }, 'CLI_OPS_HOME must be an absolute path, got "ops"'],
    [{ CLI_OPS_HOME: '/\ufffd' }, 'CLI_OPS_HOME must be UTF-8, got "/\ufffd"'],
  ])('%j is refused by the name of its variable', (env, message) => {
    expect(() => resolveConnection({}, env)).toThrow(message)
  })

  test('names the option if the value is an option', () => {
    expect(() => resolveConnection({ home: 'ops' }, { HOME: 'me' })).toThrow(
      'home must be an absolute path, got "ops"',
    )
  })
})
