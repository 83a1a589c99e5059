import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/live/live-types.js'
import { CliOpsUser } from '../fixtures/cli-ops-user.js'
import { RunningDashboard } from '../fixtures/running-dashboard.js'

const JSON_TYPE = { 'Content-Type': 'application/json' }

describe('a client with the link', () => {
  test('sees everything, and other clients see nothing', async () => {
    const user = new CliOpsUser()
    await user.coordinator('cli-alpha').locks.lock('production')
    const dashboard = await RunningDashboard.start(user)
    const { token } = dashboard
    expect(token).toMatch(/^[\w-]{43}$/u)
    expect(dashboard.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/u)

    const seen = await dashboard.ask('/api/snapshot', { headers: dashboard.authorization })
    expect(seen.status).toBe(200)
    expect((JSON.parse(seen.body) as Snapshot).locks).toMatchObject([{ resource: 'production' }])

    for (const headers of [
      {},
      { Authorization: 'Bearer ' },
      { Authorization: `Bearer ${token}x` },
      { Authorization: `Bearer ${'A'.repeat(43)}` },
      { Authorization: token },
      { Cookie: `token=${token}` },
    ] as Record<string, string>[]) {
      for (const path of [
        '/api/snapshot',
        '/api/live',
        '/api/nothing',
        `/api/snapshot?token=${token}`,
      ]) {
        const { status, body } = await dashboard.ask(path, { headers })
        expect(status).toBe(401)
        expect(body).not.toContain('production')
      }
    }
  })

  test('a browser gets a single-use link, since other users can read command lines', async () => {
    const user = new CliOpsUser()
    const opened = join(user.directory, 'opened')
    const opener = join(user.directory, 'bin/xdg-open')
    writeFileSync(opener, `#!/bin/sh\necho "$1" > ${opened}.new && mv ${opened}.new ${opened}\n`)
    chmodSync(opener, 0o755)
    const dashboard = await RunningDashboard.start(user, '--open')
    await expect.poll(() => existsSync(opened)).toBe(true)
    const link = readFileSync(opened, 'utf8').trim()
    expect(link).not.toContain(dashboard.token)
    const key = /^http:\/\/127\.0\.0\.1:\d+\/#key=([\w-]{43})$/u.exec(link)?.[1]
    const exchange = { method: 'POST', headers: { Authorization: `Bearer ${key}` } }
    // It gives no access to the data.
    expect((await dashboard.ask('/api/snapshot', { headers: exchange.headers })).status).toBe(401)
    const { status, body } = await dashboard.ask('/api/token', exchange)
    expect([status, body]).toEqual([200, JSON.stringify({ token: dashboard.token })])
    expect((await dashboard.ask('/api/token', exchange)).status).toBe(401)
  })
})

describe('other sites', () => {
  test('are refused by name, by origin and by the browser’s own headers', async () => {
    const dashboard = await RunningDashboard.start(new CliOpsUser(), '--allow-release')
    const { authorization, origin } = dashboard
    const { port } = new URL(origin)
    for (const headers of [
      { Host: 'evil.example' },
      { Host: `evil.example:${port}` },
      { Host: `127.0.0.1.evil.example:${port}` },
      { Host: '127.0.0.1' },
      { Host: `127.0.0.1:${Number(port) + 1}` },
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: `http://127.0.0.1:${Number(port) + 1}` },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ] as Record<string, string>[]) {
      for (const path of ['/', '/main.js', '/api/snapshot']) {
        const answer = await dashboard.ask(path, { headers: { ...authorization, ...headers } })
        expect([headers, path, answer.status]).toEqual([headers, path, 403])
      }
    }
    const { status } = await dashboard.ask('/api/snapshot', {
      headers: { ...authorization, Host: `localhost:${port}`, Origin: `http://localhost:${port}` },
    })
    expect(status).toBe(200)
    // A person can follow a link to the page from anywhere.
    const followed = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }
    expect((await dashboard.ask('/', { headers: followed })).status).toBe(200)
  })

  test('every answer forbids what the page does not need', async () => {
    const dashboard = await RunningDashboard.start(new CliOpsUser())
    for (const path of [
      '/',
      '/main.js',
      '/dashboard.css',
      '/icon.svg',
      '/api/snapshot',
      '/nothing',
    ]) {
      const { headers, body } = await dashboard.ask(path)
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
      expect(headers['set-cookie']).toBeUndefined()
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(body).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/u)
    }
  })

  test('serves everything that the page imports', async () => {
    const dashboard = await RunningDashboard.start(new CliOpsUser())
    const wanted = new Set(['./main.js'])
    for (const name of wanted) {
      const { status, body } = await dashboard.ask(name.slice(1))
      expect({ name, status }).toEqual({ name, status: 200 })
      for (const [, imported = ''] of body.matchAll(/\bfrom '(\.\/[^']+)'/gu)) wanted.add(imported)
    }
    expect(wanted).toContain('./units.js')
  })

  test.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/tsconfig.json',
    '/main.js/',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/constructor.js',
  ])('%s leads to no file', async (path) => {
    const dashboard = await RunningDashboard.start(new CliOpsUser())
    const answer = await dashboard.ask(path).catch(() => ({ status: 404 }))
    expect(answer.status).toBe(404)
  })
})

describe('releasing', () => {
  test('is refused unless it was allowed', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator('cli-alpha').locks.lock('production')
    const dashboard = await RunningDashboard.start(user)
    const { status, body } = await dashboard.ask('/api/release', {
      method: 'POST',
      headers: { ...dashboard.authorization, ...JSON_TYPE },
      body: JSON.stringify({ resource: 'production', id: lock.id }),
    })
    expect(status).toBe(403)
    expect(body).toContain('--allow-release')
    lock.assertHeld()
  })

  test('takes the lock from that grant, and from no later one', async () => {
    const user = new CliOpsUser()
    const { locks } = user.coordinator('cli-alpha')
    const first = await locks.lock('production')
    const dashboard = await RunningDashboard.start(user, '--allow-release')
    const release = (body: string, headers: Record<string, string> = JSON_TYPE) =>
      dashboard.ask('/api/release', {
        method: 'POST',
        headers: { ...dashboard.authorization, ...headers },
        body,
      })
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '{"resource":"production"}',
      '{"resource":1,"id":2}',
    ])
      expect((await release(body)).status).toBe(400)
    const wanted = JSON.stringify({ resource: 'production', id: first.id })
    // What a form on another site could send.
    expect((await release(wanted, { 'Content-Type': 'text/plain' })).status).toBe(400)
    expect((await release(`${wanted}${' '.repeat(10_000)}`)).status).toBe(400)
    first.assertHeld()

    await first.release()
    const second = await locks.lock('production')
    expect(JSON.parse((await release(wanted)).body)).toEqual({ released: false })
    second.assertHeld()
    const { body } = await release(JSON.stringify({ resource: 'production', id: second.id }))
    expect(JSON.parse(body)).toEqual({ released: true })
    expect(await locks.isLocked('production')).toBe(false)
  })
})

describe('the stream', () => {
  test('sends everything first, then the changes, and ends with the program', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator('cli-alpha')
    await ops.events.emit('task:created', { id: 't-1' })
    const dashboard = await RunningDashboard.start(user)
    const response = await fetch(`${dashboard.origin}/api/live`, {
      headers: dashboard.authorization,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const messages = snapshotsOf(response.body!)
    const until = async (isWanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> => {
      for (;;) {
        const { value, done } = await messages.next()
        if (done === true) throw new Error('the stream has ended')
        if (isWanted(value)) return value
      }
    }
    expect((await until(() => true)).since).toBe(0)
    const lock = await ops.locks.lock('production')
    const taken = await until(({ locks }) => locks.length === 1)
    expect(taken.since).toBeGreaterThan(0)
    expect(taken.events).toEqual([])
    expect(taken.holds).toMatchObject([{ resource: 'production', owner: { name: 'cli-alpha' } }])
    await ops.events.emit('task:updated', { id: 't-1', changes: {} })
    const news = await until(({ events }) => events.some(({ type }) => type === 'task:updated'))
    expect(news.events).toHaveLength(1)
    await lock.release()
    const free = await until(({ locks }) => locks.length === 0)
    expect(free.holds).toMatchObject([{ resource: 'production' }])
    expect(free.holds[0]?.to).toBeGreaterThan(0)

    dashboard.program.child.kill('SIGINT')
    await expect(until(() => false)).rejects.toThrow()
    expect((await dashboard.program.ended).status).toBe('SIGINT')
    await expect(fetch(dashboard.origin)).rejects.toThrow()
  })

  test('a page that does not read costs nothing and gets the rest later', async () => {
    const user = new CliOpsUser()
    const dashboard = await RunningDashboard.start(user)
    const response = await fetch(`${dashboard.origin}/api/live`, {
      headers: dashboard.authorization,
    })
    await using bus = new EventBus({ home: user.home, rateLimit: false })
    const data = { id: 'x'.repeat(400) }
    for (let round = 0; round < 40; round += 1)
      await Promise.all(Array.from({ length: 100 }, () => bus.emit('task:created', data)))
    await bus.emit('task:deleted', { id: 'last' })
    for await (const snapshot of snapshotsOf(response.body!))
      if (snapshot.events.some(({ type }) => type === 'task:deleted')) break
  })
})

test('polls rarely while no browser has the page open, and shows the current state on request', async () => {
  const user = new CliOpsUser()
  const dashboard = await RunningDashboard.start(user)
  const { locks } = user.coordinator('cli-alpha')
  const seen = async (): Promise<readonly string[]> => {
    const { body } = await dashboard.ask('/api/snapshot', { headers: dashboard.authorization })
    return (JSON.parse(body) as Snapshot).locks.map(({ resource }) => resource)
  }
  expect(await seen()).toEqual([])
  for (const resource of ['production', 'staging']) {
    const lock = await locks.lock(resource)
    expect(await seen()).toEqual([resource])
    await lock.release()
    expect(await seen()).toEqual([])
  }
})

test('refuses a port that is in use and one that is invalid', async () => {
  const user = new CliOpsUser()
  const dashboard = await RunningDashboard.start(user)
  const { port } = new URL(dashboard.origin)
  const { status, stderr } = await user.run('dashboard', '--port', port)
  expect([status, stderr]).toEqual([
    1,
    `cli-ops: port ${port} is in use; choose another one, or leave --port out for a free one\n`,
  ])
  for (const wrong of ['x', '-1', '65536', '1.5']) {
    const ended = await user.run('dashboard', '--port', wrong)
    expect(ended.status).not.toBe(0)
    expect(ended.stderr).toContain('from 0 to 65535')
  }
})

test('programs get the link as JSON', async () => {
  const user = new CliOpsUser()
  const dashboard = await RunningDashboard.start(user, '--json')
  const { url, pid } = JSON.parse(dashboard.link) as { url: string; pid: number }
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/u)
  expect(pid).toBe(dashboard.program.child.pid)
})

async function* snapshotsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Snapshot, void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) yield JSON.parse(message.replace(/^data: /u, '')) as Snapshot
  }
}
