import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { readCredentials, readTlsFiles } from '../../src/drivers/engine-secrets.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

test('credentials come from the URL, else from the variables, else from the file', () => {
  const CLI_OPS_REDIS_PASSWORD_FILE = file('password', ' of the file \r\n')
  const env = { CLI_OPS_REDIS_USERNAME: 'bob', CLI_OPS_REDIS_PASSWORD_FILE }
  const read = (url: string, more: NodeJS.ProcessEnv): unknown =>
    readCredentials('redis', new URL(url), { ...env, ...more })
  expect(read('redis://al%40ce:p%2Fw@h', { CLI_OPS_REDIS_PASSWORD: 'x' })).toEqual({
    username: 'al@ce',
    password: 'p/w',
  })
  expect(read('redis://h', { CLI_OPS_REDIS_PASSWORD: 'x' })).toEqual({
    username: 'bob',
    password: 'x',
  })
  expect(read('redis://h', {})).toEqual({ username: 'bob', password: ' of the file ' })
  expect(readCredentials('amqp', new URL('amqp://h'), env)).toEqual({})
})

test('reads a password file each time', () => {
  const env = { CLI_OPS_REDIS_PASSWORD_FILE: file('password', 'old') }
  const read = (): unknown => readCredentials('redis', new URL('redis://h'), env).password
  expect(read()).toBe('old')
  file('password', 'new')
  expect(read()).toBe('new')
})

test('names an unreadable file with its variable', () => {
  const path = join(directory, 'missing')
  const env = { CLI_OPS_REDIS_PASSWORD_FILE: path, CLI_OPS_REDIS_TLS_CA_FILE: path }
  for (const [read, variable] of [
    [() => readCredentials('redis', new URL('redis://h'), env), 'CLI_OPS_REDIS_PASSWORD_FILE'],
    [() => readTlsFiles('redis', env), 'CLI_OPS_REDIS_TLS_CA_FILE'],
  ] as const) {
    expect(read).toThrow(
      expect.objectContaining({
        code: 'ENGINE_UNAVAILABLE',
        message: `${variable}: cannot read ${path} (ENOENT)`,
      }),
    )
  }
})

test('uses the engine’s own TLS files', () => {
  const env = {
    CLI_OPS_REDIS_TLS_CA_FILE: file('ca.pem', 'CA'),
    CLI_OPS_REDIS_TLS_CERT_FILE: file('cert.pem', 'CERT'),
    CLI_OPS_REDIS_TLS_KEY_FILE: file('key.pem', 'KEY'),
    CLI_OPS_REDIS_TLS_SERVERNAME: 'redis.internal',
  }
  expect(readTlsFiles('redis', env)).toEqual({
    ca: Buffer.from('CA'),
    cert: Buffer.from('CERT'),
    key: Buffer.from('KEY'),
    servername: 'redis.internal',
  })
  expect(readTlsFiles('amqp', env)).toEqual({})
})

test('reads a hub’s token from the variable, else from the file', () => {
  const CLI_OPS_TOKEN_FILE = file('token', 'of the file\n')
  const read = (env: NodeJS.ProcessEnv): unknown =>
    readCredentials('websocket', new URL('wss://h'), env).password
  expect(read({ CLI_OPS_TOKEN: 'x', CLI_OPS_TOKEN_FILE })).toBe('x')
  expect(read({ CLI_OPS_TOKEN_FILE })).toBe('of the file')
  expect(read({ CLI_OPS_WEBSOCKET_PASSWORD: 'x' })).toBeUndefined()
})
