import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { CliOpsUser } from '../fixtures/cli-ops-user.js'

const SCOPES = ['--scope', 'read,emit,lock,call']

function fileOf(user: CliOpsUser): string {
  return join(user.home, 'hub', 'tokens.json')
}

test('prints an access key’s secret once on stdout, and stores only its digest in a private file', async () => {
  const user = new CliOpsUser()
  const added = await user.run('serve', 'key', 'add', 'laptop', ...SCOPES, '--expires', '30d')
  expect(added).toMatchObject({ status: 0 })
  expect(added.stdout).toMatch(/^cliops_[\w-]{43}\n$/u)
  expect(added.stderr).toMatch(/^cli-ops: added access key "laptop" .*CLI_OPS_TOKEN_FILE.*\n$/u)

  const secret = added.stdout.trim()
  const text = readFileSync(fileOf(user), 'utf8')
  expect(text).not.toContain(secret)
  expect(text).toContain(createHash('sha256').update(secret).digest('hex'))
  expect(statSync(fileOf(user)).mode & 0o777).toBe(0o600)
  expect(statSync(join(user.home, 'hub')).mode & 0o777).toBe(0o700)
  // The change leaves nothing else behind.
  expect(readdirSync(join(user.home, 'hub'))).toEqual(['tokens.json'])
})

test('the list shows neither secret nor digest', async () => {
  const user = new CliOpsUser()
  expect((await user.run('serve', 'key', 'list')).stdout).toMatch(/^no access keys; /u)
  expect(await user.json('serve', 'key', 'list')).toEqual([])
  await user.run('serve', 'key', 'add', 'wallboard', '--scope', 'read', '--namespace', 'shop')
  await user.run('serve', 'key', 'add', 'old', '--scope', 'read', '--expires', '1ms')

  const { stdout } = await user.run('serve', 'key', 'list')
  expect(stdout).toMatch(
    /^NAME +SCOPES +NAMESPACES +EXPIRES +ADDED\nwallboard +read +shop +never /u,
  )
  expect(stdout).toMatch(/\nold .*\(over\)/u)
  expect(stdout).not.toMatch(/[0-9a-f]{64}/u)
  const keys = await user.json<Record<string, unknown>[]>('serve', 'key', 'list')
  expect(keys[0]).toEqual({
    name: 'wallboard',
    scopes: ['read'],
    namespaces: ['shop'],
    createdAt: expect.any(String) as string,
    expiresAt: null,
  })
})

test('a revoked key is gone; a missing one is reported with 1', async () => {
  const user = new CliOpsUser()
  await user.run('serve', 'key', 'add', 'laptop', ...SCOPES)
  expect(await user.run('serve', 'key', 'revoke', 'laptop')).toEqual({
    status: 0,
    stdout: 'access key "laptop" is revoked\n',
    stderr: '',
  })
  expect(await user.json('serve', 'key', 'list')).toEqual([])
  expect(await user.run('serve', 'key', 'revoke', 'laptop')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'cli-ops: there is no access key "laptop"; "cli-ops serve key list" shows them\n',
  })
})

test('wrong arguments: 2, which one and why, and no change', async () => {
  const user = new CliOpsUser()
  await user.run('serve', 'key', 'add', 'laptop', ...SCOPES)
  const before = readFileSync(fileOf(user), 'utf8')
  for (const [args, message] of [
    [['laptop', ...SCOPES], /access key "laptop" already exists; revoke it first/u],
    [
      ['a', '--scope', 'read,write'],
      /--scope must be one or more of read, emit, lock, call, got "write"/u,
    ],
    [['a', '--scope', ''], /--scope must be one or more of/u],
    [['a', ...SCOPES, '--expires', 'soon'], /--expires must be a duration .*got "soon"/u],
    [['a', ...SCOPES, '--expires', '0s'], /--expires must be more than 0/u],
    [['a', ...SCOPES, '--expires', '999999999999d'], /--expires must be .*before the year/u],
    [['a\u001b[2J', ...SCOPES], /the name must be 1 to 64 letters, digits/u],
    [['a', ...SCOPES, '--namespace', '\u0007'], /--namespace must not contain control/u],
    [['a'], /--scope <scopes>' not specified/u],
  ] as const) {
    const { status, stdout, stderr } = await user.run('serve', 'key', 'add', ...args)
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(readFileSync(fileOf(user), 'utf8')).toBe(before)
  }
}, 60_000)

test('ten concurrent additions lose none', async () => {
  const user = new CliOpsUser()
  const names = Array.from({ length: 10 }, (_, n) => `laptop-${n}`)
  const ends = await Promise.all(
    names.map((name) => user.run('serve', 'key', 'add', name, ...SCOPES)),
  )
  expect(ends.map(({ status }) => status)).toEqual(names.map(() => 0))
  const keys = await user.json<{ name: string }[]>('serve', 'key', 'list')
  expect(keys.map(({ name }) => name).sort()).toEqual(names)
}, 60_000)

test('a file that others can access, that is a link, or that is damaged is refused, never repaired', async () => {
  const user = new CliOpsUser()
  await user.run('serve', 'key', 'add', 'laptop', ...SCOPES)
  const file = fileOf(user)
  const refuses = async (reason: RegExp): Promise<void> => {
    for (const args of [['list'], ['add', 'other', ...SCOPES], ['revoke', 'laptop']]) {
      const { status, stdout, stderr } = await user.run('serve', 'key', ...args)
      expect({ args, status, stdout }).toEqual({ args, status: 1, stdout: '' })
      expect(stderr).toMatch(reason)
    }
  }
  chmodSync(file, 0o620)
  await refuses(/refusing to use .*its mode is 620, .*run "chmod 600" on it/u)
  chmodSync(file, 0o600)

  const text = readFileSync(file, 'utf8')
  renameSync(file, `${file}.real`)
  symlinkSync(`${file}.real`, file)
  await refuses(/it is a symbolic link/u)
  renameSync(`${file}.real`, file)

  for (const [damaged, reason] of [
    ['{', /the file must be JSON/u],
    ['[]', /the file must be an object/u],
    [text.replace('"version": 1', '"version": 2'), /version must be 1, got 2/u],
    [text.replace(/"hash": "../u, '"hash": "'), /tokens\[0\].hash must be a SHA-256/u],
    [text.replace('"lock"', '"all"'), /tokens\[0\].scopes must be one or more of .*got "all"/u],
  ] as const) {
    writeFileSync(file, damaged)
    await refuses(reason)
    expect(readFileSync(file, 'utf8')).toBe(damaged)
  }

  chmodSync(join(user.home, 'hub'), 0o777)
  await refuses(/refusing to use .*hub: its mode is 777/u)
}, 60_000)

test('another user’s home is refused before anything is created in it', async () => {
  const user = new CliOpsUser()
  mkdirSync(user.home, { mode: 0o755 })
  const { status, stderr } = await user.run('serve', 'key', 'add', 'laptop', ...SCOPES)
  expect(status).toBe(1)
  expect(stderr).toMatch(/refusing to use .*chmod 700/u)
  expect(existsSync(join(user.home, 'hub'))).toBe(false)
})
