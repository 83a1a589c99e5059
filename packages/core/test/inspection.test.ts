import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, onTestFinished, test } from 'vitest'

import { removeFolder } from './fixtures/remove-folder.mjs'

// The built package: its bundle renames classes.
const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)))

const SCRIPT = `
import { createCoordinator } from '@cli-ops/shared-ipc'
const ops = createCoordinator({ name: 'cli-alpha', version: '1.2.3' })
const lock = await ops.locks.lock('db', { label: 'eu' })
const server = ops.serve()
const told = await new Promise((resolve) => {
  ops.locks.lock('db', { timeoutMs: 60_000, onWait: resolve }).catch(() => undefined)
})
const shown = {
  ops,
  lock,
  lost: await (async () => {
    const other = await ops.locks.lock('x', { slots: ['a'] })
    await other.release()
    return other
  })(),
  info: await ops.locks.inspect('db'),
  told,
  nested: { deep: { deeper: { lock } } },
  subscription: ops.events.on('task:*', () => undefined),
  group: ops.events.on('task:*', () => undefined, { group: 'mail' }),
  events: ops.events.subscribe('task:*'),
  watch: ops.registry.watch(),
  service: await ops.registry.register('cli-alpha'),
  locks: ops.locks,
  bus: ops.events,
  registry: ops.registry,
  server,
  client: ops.connect('cli-beta'),
}
const { inspect } = await import('node:util')
const texts = Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, inspect(value)]))
process.stdout.write(JSON.stringify(texts), () => process.exit())
`

test('console.log shows the objects of the package by their names and facts', () => {
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  onTestFinished(() => removeFolder(home))
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: PACKAGE,
    env: { ...process.env, CLI_OPS_HOME: home },
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const shown = JSON.parse(stdout) as Record<string, string>
  for (const [name, text] of Object.entries(shown)) expect(text, name).not.toContain('[Getter')
  expect(shown).toMatchObject({
    ops: "Coordinator { name: 'cli-alpha', version: '1.2.3' }",
    lock: expect.stringMatching(
      /^Lock \{\s+resource: 'db',\s+id: '\S+',\s+mode: 'exclusive',\s+token: \d+n,\s+state: 'held'\s+\}$/u,
    ) as string,
    lost: expect.stringMatching(/slot: 'a',\s+token: \d+n,\s+state: 'released'/u) as string,
    info: expect.stringMatching(
      /^\{\s+resource: 'db',[^]*waiters: \[\s*\{[^]*waiting: \[/u,
    ) as string,
    told: expect.stringMatching(/^\{\s+resource: 'db',[^]*waiters: \[/u) as string,
    nested: '{ deep: { deeper: { lock: [Lock] } } }',
    subscription: expect.stringMatching(/^Subscription \{\s+pattern: 'task:\*'/u) as string,
    group: expect.stringMatching(
      /^Subscription \{\s+pattern: 'task:\*',\s+group: 'mail'/u,
    ) as string,
    events: 'EventIterator {}',
    watch: 'ServiceWatch {}',
    service: expect.stringMatching(/^Registration \{/u) as string,
    locks: 'LockManager {}',
    bus: 'EventBus {}',
    registry: 'ServiceRegistry {}',
    server: "IPCServer { name: 'cli-alpha' }",
    client: "IPCClient { name: 'cli-beta' }",
  })
})
