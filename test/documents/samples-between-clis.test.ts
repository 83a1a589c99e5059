import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

import { TemporaryUser } from './start-cli.js'

test('two CLIs change a shared file one after the other', async () => {
  const user = new TemporaryUser()
  const path = join(user.directory, 'config.json')
  writeFileSync(path, JSON.stringify({ changes: 0 }))
  const lock = join(user.home, 'locks', 'config-file.lock')

  const alpha = user.start('changes-config', path)
  await alpha.message()
  expect(readdirSync(lock)).toEqual([expect.stringMatching(/^held~/u)])
  const beta = user.start('changes-config', path)
  await vi.waitFor(
    () => expect(readdirSync(join(user.home, 'queues', 'config-file'))).toHaveLength(1),
    20_000,
  )
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ changes: 0 })

  alpha.goOn()
  await beta.message()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ changes: 1, theme: 'dark' })
  beta.goOn()
  await Promise.all([alpha.succeeded(), beta.succeeded()])
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ changes: 2, theme: 'dark' })
  expect(readdirSync(lock)).toEqual([expect.stringMatching(/^free~/u)])
})

test('only the user can access the directories', async () => {
  const user = new TemporaryUser()
  const path = join(user.directory, 'config.json')
  writeFileSync(path, '{}')
  const holder = user.start('changes-config', path)
  await holder.message()
  const directories = ['', 'locks', 'locks/config-file.lock', 'claims']
  for (const directory of directories)
    expect(statSync(join(user.home, directory)).mode & 0o777, directory).toBe(0o700)
  holder.goOn()
  await holder.succeeded()
})

test('a CLI reacts to what another one emits', async () => {
  const user = new TemporaryUser()
  const beta = user.start('reacts-to-tasks')
  await beta.message()
  await user.start('creates-task', 'Write').succeeded()
  await vi.waitFor(() => expect(beta.stdout).toBe('📌 New task: Write\n'), 20_000)
})

test('CLIs find each other while they run', async () => {
  const user = new TemporaryUser()
  const beta = user.start('registers', 'cli-beta', '1.0.0')
  expect(await beta.message()).toEqual([])
  const gamma = user.start('registers', 'cli-gamma', '2.0.0')
  expect(await gamma.message()).toMatchObject([
    { name: 'cli-beta', pid: beta.child.pid, version: '1.0.0' },
  ])
  const alpha = user.start('registers', 'cli-alpha', '1.0.0')
  expect(await alpha.message()).toMatchObject([
    { name: 'cli-beta', pid: beta.child.pid, version: '1.0.0' },
    { name: 'cli-gamma', pid: gamma.child.pid, version: '2.0.0' },
  ])

  beta.goOn()
  await beta.succeeded()
  gamma.child.kill('SIGKILL')
  await expect(gamma.succeeded()).rejects.toThrow('SIGKILL')
  const late = user.start('registers', 'cli-late', '1.0.0')
  expect(await late.message()).toMatchObject([{ name: 'cli-alpha' }])
})

test('a CLI answers the requests of another one, over a Unix socket', async () => {
  const user = new TemporaryUser()
  const alpha = user.start('serves-tasks')
  const endpoint = await alpha.message<string>()
  expect(statSync(endpoint).isSocket()).toBe(true)
  expect(statSync(join(endpoint, '..')).mode & 0o777).toBe(0o700)
  const beta = user.start('asks-for-tasks')
  await beta.succeeded()
  const [tasks, refused] = beta.stdout.split('\n')
  expect(JSON.parse(tasks ?? '')).toEqual([{ id: '1', title: 'Write' }])
  expect(refused).toMatch(/^REMOTE_ERROR: .*Invalid request/u)
})
