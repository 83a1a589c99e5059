import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { parentOf, waitUntilState } from './fixtures/process-table.js'
import { noPseudoTerminal, PseudoTerminal } from './fixtures/pseudo-terminal.js'

/** Longer than a busy machine takes; a missing event costs this much. */
const PATIENCE = { timeout: 15_000, interval: 20 }
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_Z = '\u001a'

/** An interactive shell with job control, on a terminal. */
function shell(user: CliOpsUser): PseudoTerminal {
  writeFileSync(join(user.directory, 'rc'), "PS1='ready$ '; unset HISTFILE\n")
  const script = 'cd "$0" && exec bash --noprofile --rcfile rc -i'
  return new PseudoTerminal(['sh', '-c', script, user.directory], user.env)
}

/** Returns the processes of a run whose program has started, up to the shell: the program's, and those around it. */
async function processesOf(user: CliOpsUser, count: number): Promise<number[]> {
  const { locks } = user.coordinator()
  await expect
    .poll(async () => (await locks.inspect('db'))?.owner.pid ?? 0, PATIENCE)
    .toBeGreaterThan(0)
  const pids = [(await locks.inspect('db'))!.owner.pid]
  while (pids.length < count) pids.push(parentOf(pids.at(-1)!))
  return pids
}

describe.skipIf(noPseudoTerminal !== undefined).each([
  ['', 2],
  ['-e a:done ', 3],
])(`in a shell with job control: run %s(${noPseudoTerminal ?? 'all'})`, (options, count) => {
  const run = `cli-ops run -l db ${options}--`

  test('Ctrl-Z stops all of it, fg resumes all of it', async () => {
    const user = new CliOpsUser()
    const terminal = shell(user)
    await terminal.shows('ready$')
    terminal.keys(`${run} cat\r`)
    const pids = await processesOf(user, count)
    terminal.keys('one\r')
    await terminal.shows(/one\s+one/u)
    terminal.keys(CTRL_Z)
    await terminal.shows('Stopped')
    for (const pid of pids) await waitUntilState(pid, 'T')
    expect(await user.coordinator().locks.inspect('db')).toMatchObject({
      owner: { state: 'stopped' },
    })
    terminal.keys('fg\r')
    for (const pid of pids) await waitUntilState(pid, 'S')
    terminal.keys('two\r')
    await terminal.shows(/two\s+two/u)
    terminal.keys(CTRL_D)
    await terminal.shows(/ready\$\s*$/u)
    terminal.keys('echo code=$?\r')
    await terminal.shows('code=0')
    expect(await user.coordinator().locks.inspect('db')).toBeNull()
  })

  test.each(['to continue it', 'to end pid'])(
    '"why" has the command %s after Ctrl-Z',
    async (what) => {
      const user = new CliOpsUser()
      const terminal = shell(user)
      await terminal.shows('ready$')
      terminal.keys(`${run} bash -c 'echo on$((1)); while ! test -e stop; do sleep 0.05; done'\r`)
      await terminal.shows('on1')
      const pids = await processesOf(user, count)
      terminal.keys(CTRL_Z)
      await terminal.shows('Stopped')
      for (const pid of pids) await waitUntilState(pid, 'T')
      const [why] = await user.json<{ advice: { what: string; command: string }[] }[]>('why', 'db')
      const advice = why!.advice.find((one) => one.what.includes(what))!
      const ended = await user.bash(advice.command).ended
      expect(ended).toMatchObject({ status: 0, stderr: '' })
      if (what === 'to continue it') for (const pid of pids) await waitUntilState(pid, 'S')
      // The program has ended, and so has what kept its lock.
      else
        await expect.poll(async () => user.coordinator().locks.inspect('db'), PATIENCE).toBeNull()
    },
  )

  test('bg resumes all of it in the background', async () => {
    const user = new CliOpsUser()
    const terminal = shell(user)
    await terminal.shows('ready$')
    terminal.keys(`${run} bash -c 'while ! test -e stop; do sleep 0.05; done; echo over >end'\r`)
    const pids = await processesOf(user, count)
    terminal.keys(CTRL_Z)
    await terminal.shows('Stopped')
    for (const pid of pids) await waitUntilState(pid, 'T')
    terminal.keys('bg\r')
    for (const pid of pids) await waitUntilState(pid, 'S')
    terminal.keys('touch stop; wait; echo code=$?\r')
    await terminal.shows('code=0')
    expect(readFileSync(join(user.directory, 'end'), 'utf8')).toBe('over\n')
  })

  test('Ctrl-C reaches the program once, and ends a loop of the shell as without cli-ops', async () => {
    const user = new CliOpsUser()
    const terminal = shell(user)
    await terminal.shows('ready$')
    terminal.keys(`for n in 1 2; do ${run} bash -c 'sleep 600'; done; echo code=$?\r`)
    await processesOf(user, count)
    terminal.keys(CTRL_C)
    await terminal.shows(/\^C\s+ready\$\s*$/u)
    terminal.keys('echo code=$?\r')
    await terminal.shows('code=130')
    expect(await user.coordinator().locks.inspect('db')).toBeNull()

    terminal.keys(
      `${run} bash -c 'trap "echo got >>got; exit 4" INT; echo be""gun; while :; do sleep 0.05; done'\r`,
    )
    await terminal.shows('begun')
    terminal.keys(CTRL_C)
    await terminal.shows(/ready\$\s*$/u)
    terminal.keys('echo code=$?\r')
    await terminal.shows('code=4')
    expect(readFileSync(join(user.directory, 'got'), 'utf8')).toBe('got\n')
  })

  test('changes of the terminal reach the program', async () => {
    const user = new CliOpsUser()
    const terminal = shell(user)
    await terminal.shows('ready$')
    const script = `trap "echo hup >>hup" HUP; trap "echo term >term; exit" TERM; echo be""gun; while :; do sleep 0.05; done`
    terminal.keys(`${run} bash -c '${script}'\r`)
    await terminal.shows('begun')
    const pids = await processesOf(user, count)
    terminal.hangUp()
    await expect.poll(() => existsSync(join(user.directory, 'hup')), PATIENCE).toBe(true)
    process.kill(pids.at(-1)!, 'SIGTERM')
    await expect.poll(() => existsSync(join(user.directory, 'term')), PATIENCE).toBe(true)
    for (const pid of pids) await waitUntilState(pid, undefined)
  })
})
