import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { BIN, CliOpsUser, type RunningProgram } from './fixtures/cli-ops-user.js'

const CORE = fileURLToPath(import.meta.resolve('@cli-ops/shared-ipc'))
const CLEAN = `env -i HOME="$HOME" CLI_OPS_HOME="$CLI_OPS_HOME" "$(command -v node)" ${BIN}`
const JOINS = ['--on-busy join', '']
const KEPT = ['--keep-for', 'descendants']

/** A program that takes a lock itself, and ends as a command would. */
function acquire(resource: string): string {
  return (
    `import("${CORE}").then(({ LockManager }) => new LockManager().acquire("${resource}", () => console.log("ran")))` +
    '.catch((error) => { console.error(error.message); process.exitCode = 78 })'
  )
}
const MANAGER = (next: string): string => `node -e '${acquire(next)}'`
const RUN = (next: string): string => `cli-ops run -l ${next} -- echo ran`

/** Waits until every run of a ring has its outer lock. */
const ALL_INSIDE = (own: string, count: number): string =>
  `touch in-${own}; while test $(ls | grep -c '^in-') -lt ${count}; do sleep 0.02; done`

/** Starts runs that each hold one lock, and in it ask for that of the next one. */
function startRing(
  user: CliOpsUser,
  names: readonly string[],
  inner: (next: string, index: number) => string = (next) => `cli-ops run -l ${next} -- echo ran`,
  outer: readonly string[] = [],
): RunningProgram[] {
  return names.map((name, index) => {
    const next = names[(index + 1) % names.length] ?? ''
    const script = `${ALL_INSIDE(name, names.length)}; ${inner(next, index)}`
    return user.start('run', ...outer, '-l', name, '--', 'sh', '-c', script)
  })
}

async function endsOf(ring: readonly RunningProgram[]) {
  const ends = await Promise.all(ring.map(({ ended }) => ended))
  return {
    ran: ends.filter(({ status }) => status === 0),
    refused: ends.filter(({ status }) => status === 78),
    others: ends.filter(({ status }) => status !== 0 && status !== 78),
  }
}

describe('nested runs that wait for each other', () => {
  test('one gives up, and names both locks and who holds them', async () => {
    const user = new CliOpsUser()
    const { ran, refused } = await endsOf(startRing(user, ['a', 'b']))
    expect(ran).toEqual([expect.objectContaining({ stdout: 'ran\n' })])
    const [line] = refused.map(({ stderr }) =>
      stderr.split('\n').find((text) => text.includes('would never end')),
    )
    const run = String.raw`cli-ops run \w+ \(pid \d+, \S+\)`
    expect(line).toMatch(
      new RegExp(
        `^cli-ops: waiting for "([ab])" would never end: "\\1" is held by ${run}, which waits for ${run} to end, ` +
          `which waits for "([ab])"; "\\2" is held by ${run}, which waits for this process to end`,
        'u',
      ),
    )
    expect(await user.json('locks')).toEqual([])
  })

  test('of a ring of three, one gives up', async () => {
    const { ran, refused } = await endsOf(startRing(new CliOpsUser(), ['a', 'b', 'c']))
    expect([ran.length, refused.length]).toEqual([2, 1])
  })

  test.each<[string, (next: string, index: number) => string, (readonly string[])?]>([
    ['slots', (next) => `cli-ops run -l ${next} --slots 1 -- echo ran`, ['--slots', '1']],
    ['sharers that want more', RUN, ['--shared']],
    ['without an environment', (next) => `${CLEAN} run -l ${next} -- echo ran`],
    ['one that joins', (next, index) => `cli-ops run -l ${next} ${JOINS[index]} -- echo ran`],
    ['the latest', (next) => `cli-ops run -l ${next} --queue latest -- echo ran`],
    ['kept for descendants', RUN, KEPT],
    ['runs in the background', (next) => `cli-ops run -l ${next} -- echo ran & wait $!`],
    ['a manager in a child', MANAGER],
    ['a manager in the program itself', (next) => `exec ${MANAGER(next)}`],
    ['a program itself, kept for descendants', (next) => `exec ${MANAGER(next)}`, KEPT],
    ['a manager and a run', (next, index) => (index === 0 ? RUN : MANAGER)(next)],
  ])('%s', async (_, inner, outer = []) => {
    const user = new CliOpsUser()
    const ends = await endsOf(startRing(user, ['a', 'b'], inner, outer))
    expect(ends).toMatchObject({ ran: [{ stdout: 'ran\n' }], others: [] })
    expect(ends.refused[0]?.stderr).toContain('would never end')
    expect(await user.json('locks')).toEqual([])
  })
})

describe('no deadlock', () => {
  /** The first run's child asks for the other lock; the second one's waits for the first run. */
  async function endWhen(first: string): Promise<void> {
    const inner = (next: string, index: number): string =>
      index === 0 ? first : `touch asks; cli-ops run -l ${next} -- echo ran`
    const user = new CliOpsUser()
    const ring = startRing(user, ['a', 'b'], inner)
    expect(await endsOf(ring)).toMatchObject({ ran: [{}, {}], refused: [], others: [] })
    await expect
      .poll(() => existsSync(join(user.directory, 'done')), { timeout: 60_000 })
      .toBe(true)
  }
  const ASK = 'cli-ops run -l b -- touch done'
  /** Ends the program long after those that look for a deadlock have done so twice. */
  const LATER = 'while ! test -e asks; do sleep 0.1; done; sleep 8'

  test('if the program does not wait for its background job', async () => {
    await endWhen(`${ASK} >/dev/null 2>&1 & while ! test -e asks; do sleep 0.1; done`)
  })

  test('if the job has a session of its own', async () => {
    await endWhen(`setsid ${ASK} >/dev/null 2>&1 & ${LATER}`)
  })

  test('if the program took its lock after it had started the job', async () => {
    const until = (file: string): string =>
      `while (!existsSync("${file}")) await new Promise((resolve) => setTimeout(resolve, 20))`
    const load = `const { existsSync, writeFileSync } = require("node:fs"); import("${CORE}").then(async ({ LockManager }) =>`
    const job = `${load} {
      writeFileSync("began", "")
      ${until('held')}
      await new LockManager().acquire("b", () => console.log("ran"))
    })`
    const program = `${load} {
      const job = require("node:child_process").spawn(process.execPath, ["-e", process.env.JOB], { stdio: "inherit" })
      job.on("exit", (code) => process.exitCode = code)
      ${until('began')}
      await new LockManager().acquire("a", async () => {
        writeFileSync("held", "")
        ${until('asks')}
        await new Promise((resolve) => setTimeout(resolve, 8000))
      })
    })`
    const user = new CliOpsUser({ JOB: job })
    const first = user.bash(`node -e '${program}'`)
    const script =
      'until test -e held; do sleep 0.02; done; touch asks; cli-ops run -l a -- echo ran'
    const second = user.start('run', '-l', 'b', '--', 'sh', '-c', script)
    expect(await endsOf([first, second])).toMatchObject({ ran: [{}, {}], refused: [], others: [] })
  })
})
