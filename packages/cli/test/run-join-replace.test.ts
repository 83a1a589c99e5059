import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { CliOpsUser, type ProgramEnd } from './fixtures/cli-ops-user.js'

const UNTIL_TOLD = 'echo began; while ! test -e told; do sleep 0.02; done'
const JOIN = ['run', '--lock', 'deploy', '--on-busy', 'join']
const REPLACE = ['run', '--lock', 'deploy', '--on-busy', 'replace']

function tell({ directory }: CliOpsUser): void {
  writeFileSync(join(directory, 'told'), '')
}

function linesOf({ stderr }: ProgramEnd): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.includes('waiting for'))
}

describe('--on-busy join', () => {
  test.each([
    ['exit 7', 7],
    ['kill -INT $$', 130],
    ['true', 0],
  ])('ends as the running one does: %s', async (ending, status) => {
    const user = new CliOpsUser()
    const first = user.start(...JOIN, '--', 'sh', '-c', `${UNTIL_TOLD}; ${ending}`)
    await first.says('began')
    const joiner = user.start(...JOIN, '--', 'echo', 'ran')
    await joiner.says('waiting for "deploy"')
    tell(user)
    const end = await joiner.ended
    expect(end).toMatchObject({ status, stdout: '' })
    expect(linesOf(end)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^cli-ops: joined: "deploy" was held by cli-ops run sh \\(pid \\d+, .*\\), which ended with exit code ${status}$`,
        ),
      ),
    ])
  })

  test('ends as one does that knows nothing of joining, which tells only those who have joined', async () => {
    const user = new CliOpsUser()
    const plain = ['run', '--lock', 'deploy', '--', 'sh', '-c']
    const first = user.start(...plain, `${UNTIL_TOLD}; exit 7`)
    await first.says('began')
    const joiners = [1, 2].map(() => user.start(...JOIN, '--', 'echo', 'ran'))
    for (const joiner of joiners) await joiner.says('waiting for "deploy"')
    tell(user)
    for (const joiner of joiners) {
      const end = await joiner.ended
      expect(end).toMatchObject({ status: 7, stdout: '' })
      expect(end.stderr).toContain('which ended with exit code 7')
    }
    expect(await first.ended).toMatchObject({ status: 7 })
    await user.run(...plain, 'exit 0')
    const events = (await user.run('events', '--json')).stdout
    expect(events.match(/"type":"[^"]+"/gu)).toEqual(['"type":"run:ended"'])
  })

  test('ends with 1 if cli-ops was killed, once its program has ended', async () => {
    const user = new CliOpsUser()
    const first = user.start(...JOIN, '--', 'sh', '-c', UNTIL_TOLD)
    await first.says('began')
    const joiner = user.start(...JOIN, '--', 'echo', 'ran')
    await joiner.says('waiting for "deploy"')
    first.child.kill('SIGKILL')
    tell(user)
    const end = await joiner.ended
    expect(end).toMatchObject({ status: 1, stdout: '' })
    expect(linesOf(end)).toEqual([expect.stringContaining('which ended with an unknown exit code')])
  })

  test('ends with 75 at its timeout, and by a signal that it gets', async () => {
    const user = new CliOpsUser()
    const first = user.start(...JOIN, '--', 'sh', '-c', UNTIL_TOLD)
    await first.says('began')
    const hasty = await user.run(...JOIN, '--wait', '200ms', '--', 'echo', 'ran')
    expect(hasty).toMatchObject({ status: 75, stdout: '' })
    expect(hasty.stderr).toContain('"deploy" is still held by cli-ops run sh')
    const joiner = user.start(...JOIN, '--', 'echo', 'ran')
    await joiner.says('waiting for "deploy"')
    joiner.child.kill('SIGTERM')
    expect(await joiner.ended).toMatchObject({ status: 'SIGTERM', stdout: '' })
    tell(user)
    expect(await first.ended).toMatchObject({ status: 0 })
  })
})

test.each([
  ['join', JOIN],
  ['replace', REPLACE],
])(
  '--on-busy %s under the very run that it would wait for: 78, and that run continues',
  async (_, args) => {
    const user = new CliOpsUser()
    const inner = `cli-ops ${args.join(' ')} -- echo ran; echo inner ends with $?`
    const end = await user.bash(`cli-ops ${args.join(' ')} -- sh -c '${inner}'`).ended
    expect(end).toMatchObject({ status: 0, stdout: 'inner ends with 78\n' })
    expect(end.stderr).toMatch(
      /would never end: "deploy" is held by .* which waits for this process to end\n$/u,
    )
  },
)

describe('--on-busy replace', () => {
  const CLEANS_UP = `trap "echo cleans up; exit 3" TERM; ${UNTIL_TOLD}`

  test('asks the running one to end, once, and runs when it has ended', async () => {
    const user = new CliOpsUser()
    const first = user.start(...REPLACE, '--', 'bash', '-c', CLEANS_UP)
    await first.says('began')
    expect(await user.run(...REPLACE, '--', 'echo', 'second')).toMatchObject({
      status: 0,
      stdout: 'second\n',
    })
    const replaced = await first.ended
    expect(replaced).toMatchObject({ status: 3, stdout: 'began\ncleans up\n' })
    expect(linesOf(replaced)).toEqual([
      expect.stringMatching(
        /^cli-ops: replaced by cli-ops run echo \(pid \d+, .*\); asking the program to end$/u,
      ),
    ])
    expect(await user.json('locks')).toEqual([])
    const { stdout } = await user.run('history', 'deploy')
    expect(stdout).toMatch(/cli-ops run bash .* replaced by cli-ops run echo \(pid \d+/u)
    expect(stdout).not.toContain('by cli-ops run bash:')
  })

  test('starts when what the replaced program has started has ended, too', async () => {
    const user = new CliOpsUser()
    // A shell that gets a signal of its own leaves the command that it is waiting for.
    const inner = `trap "sleep 0.3; echo ended > inner; exit" TERM; ${UNTIL_TOLD}`
    const first = user.start(...REPLACE, '--', 'bash', '-c', `bash -c '${inner}'; true`)
    await first.says('began')
    const second = await user.run(...REPLACE, '--', 'cat', 'inner')
    expect(second).toMatchObject({ status: 0, stdout: 'ended\n' })
    expect(await first.ended).toMatchObject({ status: 'SIGTERM' })
  })

  test('ends with 75 if what the replaced program has started does not end', async () => {
    const user = new CliOpsUser()
    const inner = `trap "" TERM; ${UNTIL_TOLD}`
    const first = user.start(...REPLACE, '--', 'bash', '-c', `bash -c '${inner}'; true`)
    await first.says('began')
    const refused = await user.run(...REPLACE, '--grace', '3s', '--', 'echo', 'ran')
    expect(refused).toMatchObject({ status: 75, stdout: '' })
    expect(linesOf(refused)).toEqual([
      expect.stringMatching(
        /^cli-ops: "deploy" was held by cli-ops run bash \(pid \d+, .*\), which has ended, but a program it started \(pid \d+\) is still running 3 s after it was asked to end; to end it: kill -KILL \d+$/u,
      ),
    ])
    tell(user)
    await first.ended
  })

  test('does not react to a foreign signal, even if another one waits', async () => {
    const user = new CliOpsUser()
    const first = user.start(...REPLACE, '--', 'bash', '-c', CLEANS_UP)
    await first.says('began')
    const plain = user.start('run', '--lock', 'deploy', '--', 'echo', 'second')
    await plain.says('waiting for "deploy"')
    first.child.kill('SIGTERM')
    const end = await first.ended
    expect(end).toMatchObject({ status: 3 })
    expect(linesOf(end)).toEqual([])
    expect(await plain.ended).toMatchObject({ status: 0, stdout: 'second\n' })
  })

  test('reaches the program of a killed cli-ops', async () => {
    const user = new CliOpsUser()
    const first = user.start(...REPLACE, '--', 'bash', '-c', CLEANS_UP)
    await first.says('began')
    first.child.kill('SIGKILL')
    await expect.poll(() => first.child.signalCode).toBe('SIGKILL')
    expect(await user.run(...REPLACE, '--', 'echo', 'second')).toMatchObject({
      status: 0,
      stdout: 'second\n',
    })
    expect((await first.ended).stdout).toBe('began\ncleans up\n')
  })

  test('lets the running one’s --kill-after work, and ends with 75 after --grace', async () => {
    const user = new CliOpsUser()
    const stubborn = `trap "echo asked" TERM; ${UNTIL_TOLD}`
    const first = user.start(...REPLACE, '--', 'bash', '-c', stubborn)
    await first.says('began')
    const refused = await user.run(...REPLACE, '--grace', '300ms', '--', 'echo', 'second')
    expect(refused).toMatchObject({ status: 75, stdout: '' })
    expect(linesOf(refused)).toEqual([
      expect.stringMatching(
        /^cli-ops: "deploy" is still held by cli-ops run bash \(.*\), 300 ms after it was asked to end; to end it: kill -KILL \d+$/u,
      ),
    ])
    tell(user)
    expect(await first.ended).toMatchObject({ status: 0, stdout: 'began\nasked\n' })

    const bounded = user.bash(
      `rm told; cli-ops ${REPLACE.join(' ')} --kill-after 200ms -- bash -c '${stubborn}'`,
    )
    await bounded.says('began')
    expect(await user.run(...REPLACE, '--', 'echo', 'third')).toMatchObject({ stdout: 'third\n' })
    expect((await bounded.ended).stdout).toContain('asked')
  })

  test('does not end a run that does not allow it', async () => {
    const user = new CliOpsUser()
    const first = user.start('run', '--lock', 'deploy', '--', 'sh', '-c', UNTIL_TOLD)
    await first.says('began')
    const refused = await user.run(...REPLACE, '--', 'echo', 'second')
    expect(refused).toMatchObject({ status: 75, stdout: '' })
    expect(linesOf(refused)).toEqual([
      expect.stringMatching(
        /^cli-ops: "deploy" is held by cli-ops run sh \(pid (\d+), .*\), whose rule does not allow replacing it; to end it: kill \1$/u,
      ),
    ])
    tell(user)
    expect(await first.ended).toMatchObject({ status: 0 })
  })

  test('with --queue latest, a waiter gives way to a newer one, and the running one is asked once', async () => {
    const user = new CliOpsUser()
    const patient = `trap "echo asked" TERM; ${UNTIL_TOLD}`
    const first = user.start(...REPLACE, '--', 'bash', '-c', patient)
    await first.says('began')
    const older = user.start(...REPLACE, '--queue', 'latest', '--', 'echo', 'older')
    await first.says('asked')
    const newer = user.start(...REPLACE, '--queue', 'latest', '--', 'echo', 'newer')
    const superseded = await older.ended
    expect(superseded).toMatchObject({ status: 75, stdout: '' })
    expect(superseded.stderr).toContain('is wanted by a newer waiter')
    tell(user)
    expect(await newer.ended).toMatchObject({ status: 0, stdout: 'newer\n' })
    expect((await first.ended).stdout).toBe('began\nasked\n')
  })
})

test.each([
  [
    ['--on-busy', 'cancel'],
    '--on-busy must be one of wait, fail, skip, join, replace, got "cancel"',
  ],
  [['--on-busy', 'join', '--shared'], '--shared cannot be combined with --on-busy join'],
  [['--on-busy', 'replace', '--slots', '2'], '--slots cannot be combined with --on-busy replace'],
  [
    ['--on-busy', 'join', '--queue', 'latest'],
    '--queue latest cannot be combined with --on-busy join',
  ],
  [['--on-busy', 'join', '--no-wait'], '--no-wait cannot be combined with --on-busy join'],
  [['--on-busy', 'skip', '--wait', '1s'], '--wait cannot be combined with --on-busy skip'],
  [['--grace', '1s'], '--grace needs --on-busy replace'],
])('%j is refused', async (options, message) => {
  const { status, stderr } = await new CliOpsUser().run('run', '-l', 'db', ...options, 'true')
  expect([status, stderr.trim()]).toEqual([2, `cli-ops: ${message}`])
})

test('--on-busy skip ends with 0, and fail with 75', async () => {
  const user = new CliOpsUser()
  const first = user.start('run', '--lock', 'deploy', '--', 'sh', '-c', UNTIL_TOLD)
  await first.says('began')
  const skipped = await user.run('run', '-l', 'deploy', '--on-busy', 'skip', 'echo', 'ran')
  expect(skipped).toMatchObject({ status: 0, stdout: '' })
  expect(skipped.stderr).toMatch(/^cli-ops: skipped: "deploy" is held by cli-ops run sh/u)
  const failed = await user.run('run', '-l', 'deploy', '--on-busy', 'fail', 'echo', 'ran')
  expect(failed).toMatchObject({ status: 75, stdout: '' })
  tell(user)
  await first.ended
})
