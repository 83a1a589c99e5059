import type { LockInfo } from '@cli-ops/shared-ipc'
import { expect, test, vi } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'

/** Prints its slot and runs until it is told to end. */
const UNTIL_TOLD = ['sh', '-c', 'echo "slot=${CLI_OPS_LOCK_SLOT-none}"; read -r line']
const POOL = ['run', '--lock', 'devices', '--slots', 'a,b']

test('runs as many programs as there are slots, each knows its own, and the next one waits', async () => {
  const user = new CliOpsUser()
  const first = user.start(...POOL, '--label', 'left', '--', ...UNTIL_TOLD)
  await first.says('slot=a')
  const second = user.start(...POOL, '--', ...UNTIL_TOLD)
  await second.says('slot=b')
  const refused = await user.run(...POOL, '--no-wait', '--', 'true')
  expect(refused.status).toBe(75)
  expect(refused.stderr).toMatch(
    /"devices" is held by cli-ops run sh "left" \(slot a, pid \d+.* and 1 other/u,
  )
  const third = user.start(...POOL, '--', ...UNTIL_TOLD)
  await third.says('waiting for "devices"')

  const [lock, ...others] = await user.json<LockInfo[]>('locks')
  expect(others).toEqual([])
  expect(lock?.holders.map(({ slot, label }) => ({ slot, label }))).toEqual([
    { slot: 'a', label: 'left' },
    { slot: 'b', label: undefined },
  ])
  expect(lock?.waiting).toHaveLength(1)
  expect((await user.run('locks')).stdout).toMatch(/\(slot b, pid \d+/u)

  second.child.stdin.end('go\n')
  await third.says('slot=b')
  for (const { child } of [first, third]) child.stdin.end('go\n')
  await Promise.all([first.ended, third.ended])
  expect(await user.json('locks')).toEqual([])
})

test('a slot is free when its program was killed, and "locks release" releases one of them', async () => {
  const user = new CliOpsUser()
  const script = ['sh', '-c', 'echo "pid=$$ slot=$CLI_OPS_LOCK_SLOT"; read -r line']
  const first = user.start('run', '-l', 'devices', '--slots', '2', '--', ...script)
  await first.says('slot=1')
  const second = user.start('run', '-l', 'devices', '--slots', '2', '--', ...script)
  await second.says('slot=2')
  process.kill(Number(/pid=(\d+)/u.exec(first.stdout())?.[1]), 'SIGKILL')
  await first.ended
  const again = await user.run(
    'run',
    '-l',
    'devices',
    '--slots',
    '2',
    '-n',
    '--',
    'printenv',
    'CLI_OPS_LOCK_SLOT',
  )
  expect(again).toMatchObject({ status: 0, stdout: '1\n' })
  const [lock] = await user.json<LockInfo[]>('locks')
  expect(lock?.holders).toHaveLength(1)
  expect((await user.run('locks', 'release', 'devices', '--id', lock!.id)).status).toBe(0)
  expect(await user.json('locks')).toEqual([])
  // Its program is asked to end, as after any loss of a lock.
  await vi.waitFor(() => second.says('lost the lock'), 60_000)
})

test('a program under another lock inside does not see the outer slot', async () => {
  const user = new CliOpsUser()
  const inner = ['cli-ops', 'run', '-l', 'db', '--', ...UNTIL_TOLD]
  const running = user.bash(
    [...['cli-ops', ...POOL, '--'], ...inner.map((word) => `'${word}'`)].join(' '),
  )
  running.child.stdin.end('\n')
  expect((await running.ended).stdout).toBe('slot=none\n')
})

test.each([
  [['--slots', '0'], '--slots must be a whole number from 1 to 1000'],
  [['--slots', 'a,a'], '--slots must name each slot once'],
  [['--slots', 'a,'], '--slots[1] must not be empty'],
  [['--slots', '2', '--shared'], '--slots cannot be combined with --shared'],
])('%j is refused', async (flags, message) => {
  const { status, stderr } = await new CliOpsUser().run('run', '-l', 'db', ...flags, '--', 'true')
  expect(status).toBe(2)
  expect(stderr).toContain(message)
})
