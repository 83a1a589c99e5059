import type { LockInfo } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'

const UNTIL_TOLD = ['sh', '-c', 'echo began; read -r line']
const DEPLOY = ['run', '--lock', 'deploy', '--queue', 'latest']

test('a newer waiter takes the place of an older one, which ends with 75 and one line that says so', async () => {
  const user = new CliOpsUser()
  const running = user.start('run', '--lock', 'deploy', '--', ...UNTIL_TOLD)
  await running.says('began')
  const older = user.start(...DEPLOY, '--label', 'older', '--', 'echo', 'older')
  await older.says('waiting for "deploy"')
  // Ordinary waiters stay.
  const patient = user.start('run', '--lock', 'deploy', '--', 'echo', 'patient')
  await patient.says('waiting for "deploy"')
  const newer = user.start(...DEPLOY, '--label', 'newer', '--', 'echo', 'newer')
  const { status, stdout, stderr } = await older.ended
  expect({ status, stdout }).toEqual({ status: 75, stdout: '' })
  expect(stderr.split('\n').filter((line) => !line.includes('waiting for'))).toEqual([
    expect.stringMatching(
      /^cli-ops: "deploy" is wanted by a newer waiter, cli-ops run echo "newer" \(pid \d+.*, so this one gives up$/u,
    ),
    '',
  ])
  const [lock, ...others] = await user.json<LockInfo[]>('locks')
  expect(others).toEqual([])
  expect(lock?.waiting.map(({ label }) => label)).toEqual([undefined, 'newer'])
  running.child.stdin.end('go\n')
  expect((await patient.ended).stdout).toBe('patient\n')
  expect((await newer.ended).stdout).toBe('newer\n')
  expect(await user.json('locks')).toEqual([])
})

test('a killed latest waiter blocks no other, and a wrong --queue is refused', async () => {
  const user = new CliOpsUser()
  const running = user.start('run', '--lock', 'deploy', '--', ...UNTIL_TOLD)
  await running.says('began')
  const killed = user.start(...DEPLOY, '--', 'true')
  await killed.says('waiting for "deploy"')
  killed.child.kill('SIGKILL')
  await killed.ended
  const next = user.start(...DEPLOY, '--', 'echo', 'next')
  await next.says('waiting for "deploy"')
  running.child.stdin.end('go\n')
  expect((await next.ended).stdout).toBe('next\n')
  const wrong = await user.run('run', '--lock', 'db', '--queue', 'newest', '--', 'true')
  expect(wrong.status).toBe(2)
  expect(wrong.stderr).toContain('--queue must be all or latest, got "newest"')
})
