import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

import { storedTask, User } from './cli-alpha.js'

const NOBODY = 65_534

test.each([
  ['no JSON', '{"version":1,"tasks":[', /cannot be understood: .*JSON/],
  ['an empty file', '', /cannot be understood: .*JSON/],
  ['null', 'null', /it holds no tasks/],
  ['another version', '{"version":2,"tasks":[]}', /its version is 2, not 1/],
  ['no list', '{"version":1,"tasks":{}}', /it has no list of tasks/],
  ['a task without a title', '{"version":1,"tasks":[{"id":"a"}]}', /task 1 has no title/],
  [
    'a task without a time',
    JSON.stringify([storedTask('a', { updatedAt: 'yesterday' })]),
    /task 1 has no time in updatedAt/,
  ],
  [
    'two tasks with one id',
    JSON.stringify({ version: 1, tasks: [storedTask('a'), storedTask('a')] }),
    /two tasks have the id "a"/,
  ],
])('leaves a store with %s unchanged', async (_what, content, message) => {
  const user = new User()
  user.write('data/tasks.json', content)
  for (const args of [['list'], ['add', 'x'], ['done', 'a']]) {
    const { code, stderr, stdout } = await user.run(args)
    expect(stderr).toMatch(message)
    expect(stderr).toContain('it was left as it is')
    expect({ code, stdout }).toEqual({ code: 65, stdout: '' })
  }
  expect(user.store()).toBe(content)
})

test('reads a store that starts with a byte order mark', async () => {
  const user = new User()
  user.write('data/tasks.json', `\uFEFF${JSON.stringify({ version: 1, tasks: [storedTask('a')] })}`)
  expect((await user.tasks()).map(({ id }) => id)).toEqual(['a'])
})

test('a store behind a symbolic link stays there', async () => {
  const user = new User()
  await user.add('first')
  const elsewhere = join(user.root, 'elsewhere.json')
  renameSync(user.taskFile, elsewhere)
  symlinkSync(elsewhere, user.taskFile)
  await user.add('second')
  expect(lstatSync(user.taskFile).isSymbolicLink()).toBe(true)
  expect(await user.tasks()).toHaveLength(2)
})

test('replaces what a crash left in the middle of a write', async () => {
  const user = new User()
  await user.add('first')
  writeFileSync(`${user.taskFile}.tmp`, '{"version":1,"ta')
  await user.add('second')
  expect(await user.tasks()).toHaveLength(2)
  expect(readdirSync(dirname(user.taskFile))).toEqual(['tasks.json'])
})

test('the store is private to the user', async () => {
  const user = new User()
  await user.add('secret')
  expect(statSync(user.taskFile).mode & 0o777).toBe(0o600)
  expect(statSync(dirname(user.taskFile)).mode & 0o777).toBe(0o700)
})

test('names a data directory that is a file in the error', async () => {
  const user = new User()
  user.write('data', 'in the way')
  const { code, stderr } = await user.run(['add', 'x'])
  expect(stderr).toMatch(/^cli-alpha: cannot (read|write) .*data\/tasks\.json: ENOTDIR/)
  expect(code).toBe(74)
  expect(readFileSync(join(user.root, 'data'), 'utf8')).toBe('in the way')
})

test('loses nothing with a read-only data directory', async () => {
  const user = new User()
  await user.add('kept')
  const before = user.store()
  // Permissions do not bind root, so root runs the program as another user.
  const asRoot = process.getuid?.() === 0
  const data = dirname(user.taskFile)
  chmodSync(data, 0o555)
  chmodSync(user.taskFile, 0o444)
  const home = join(user.root, 'home-of-nobody')
  mkdirSync(home, { mode: 0o700 })
  if (asRoot) {
    chmodSync(user.root, 0o755)
    chownSync(home, NOBODY, NOBODY)
  }
  const options = { env: { CLI_OPS_HOME: home }, ...(asRoot ? { uid: NOBODY } : {}) }
  const { code, stderr } = await user.run(['add', 'not kept'], options)
  chmodSync(data, 0o755)
  expect(stderr).toMatch(/^cli-alpha: cannot write .*tasks\.json: EACCES/)
  expect(code).toBe(74)
  expect(user.store()).toBe(before)
  expect(readdirSync(data)).toEqual(['tasks.json'])
})

test('without a usable home changes nothing, but can still read', async () => {
  const user = new User()
  await user.add('kept')
  const before = user.store()
  const env = { CLI_OPS_HOME: user.write('a-file', 'in the way') }
  const add = await user.run(['add', 'not kept'], { env })
  expect(add.code).toBe(69)
  expect(add.stderr).toContain('a-file')
  expect(user.store()).toBe(before)

  const list = await user.run(['list'], { env })
  expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining('kept') as string })
})

test('works alone with the plugin switched off', async () => {
  const user = new User()
  const env = { CLI_OPS_DISABLED: '1' }
  expect((await user.run(['add', 'x'], { env })).code).toBe(0)
  expect((await user.run(['list'], { env })).stdout).toContain('x')
  expect(existsSync(user.home)).toBe(false)
})
