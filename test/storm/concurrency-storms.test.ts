import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

const BIN = join(root, 'packages/cli/dist/main.js')
const SIDE_BY_SIDE = 8
/** One in that many runs has its cli-ops killed, and one ends its own program with SIGKILL. */
const KILLED_OF = 4

/** Prints when it begins and ends, and ends on SIGTERM. Its exit code is unique. */
const PROGRAM = `code=$((10 + $$ % 100))
end() { echo "end $$ $1" >>log; exit $1; }
trap 'end 9' TERM
echo "begin $$" >>log
sleep 0.$((RANDOM % 3)) & wait
if [ "$DIES" = yes ]; then echo "end $$ 137" >>log; kill -KILL $$; fi
end $code`

interface Storm {
  /** How each run ended, by its exit code or signal. */
  readonly ends: readonly (number | string)[]
  /** How each started program ended. */
  readonly programs: readonly number[]
  readonly overlaps: number
  readonly left: number
}

/** Runs programs under one lock, some at a time, and kills some. */
async function storm(count: number, options: readonly string[]): Promise<Storm> {
  const home = temporaryHome()
  const folder = join(home, 'work')
  mkdirSync(folder)
  const ends: (number | string)[] = []
  let started = 0
  const next = async (): Promise<void> => {
    for (let number = (started += 1); number <= count; number = started += 1)
      ends.push(await runOne(home, folder, number, options))
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, next))
  const locks = new LockManager({ home })
  // The program of a killed cli-ops continues with its lock.
  await (await locks.lock('job', { timeoutMs: 20_000 })).release()
  const left = (await locks.list()).length
  await locks.close()
  return { ends, left, ...readLog(join(folder, 'log')) }
}

async function runOne(
  home: string,
  folder: string,
  number: number,
  options: readonly string[],
): Promise<number | string> {
  const dies = number % KILLED_OF === 1 ? 'yes' : 'no'
  const args = [BIN, 'run', '--lock', 'job', ...options, '--', 'bash', '-c', PROGRAM]
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, CLI_OPS_HOME: home, DIES: dies },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  if (number % KILLED_OF === 2)
    setTimeout(() => void child.kill('SIGKILL'), 300 + Math.random() * 1_000)
  const [code, signal] = await ended
  return code ?? signal ?? ''
}

function readLog(path: string): Pick<Storm, 'programs' | 'overlaps'> {
  const running = new Set<string>()
  const programs: number[] = []
  let overlaps = 0
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
    const [what, pid = '', code] = line.split(' ')
    if (what === 'begin') {
      running.add(pid)
      if (running.size > 1) overlaps += 1
    } else {
      running.delete(pid)
      programs.push(Number(code))
    }
  }
  return { programs, overlaps }
}

const COUNT = scale(16, 200)
/** How a run ends whose cli-ops, or whose program, was killed. */
const KILLED: readonly (number | string)[] = ['SIGKILL']

test(`${COUNT} runs that join one another, ${SIDE_BY_SIDE} at a time, with kill -9`, async () => {
  const { ends, programs, overlaps, left } = await storm(COUNT, ['--on-busy', 'join'])
  // Each ends as some program did, or with 1 if that is unknown.
  const strange = ends.filter(
    (end) => ![1, ...KILLED].includes(end) && !programs.includes(Number(end)),
  )
  recordFigure({
    what: `\`run --on-busy join\`: ${COUNT} runs, ${SIDE_BY_SIDE} at a time, some killed`,
    goal: 'each ends as one that ran, none beside another',
    found: `${programs.length} ran, ${strange.length} ended otherwise, ${overlaps} beside another`,
    met: strange.length === 0 && overlaps === 0 && left === 0,
  })
  expect({ strange, overlaps, left }).toEqual({
    strange: [],
    overlaps: 0,
    left: 0,
  })
})

test.each([
  ['replace one another', ['--on-busy', 'replace'], [9, 75]],
  ['replace one another, the latest alone', ['--on-busy', 'replace', '--queue', 'latest'], [9, 75]],
  ['wait, the latest alone', ['--queue', 'latest'], [75]],
])(
  `${COUNT} runs that %s, ${SIDE_BY_SIDE} at a time, with kill -9`,
  async (what, options, others) => {
    const { ends, programs, overlaps, left } = await storm(COUNT, options)
    const known = [...KILLED, ...others, 'SIGTERM']
    const strange = ends.filter((end) => !known.includes(end) && !programs.includes(Number(end)))
    recordFigure({
      what: `\`run ${options.join(' ')}\`: ${COUNT} runs, ${SIDE_BY_SIDE} at a time, some killed`,
      goal: 'none beside another, nothing left',
      found: `${programs.length} ran, ${overlaps} beside another, ${left} locks left`,
      met: strange.length === 0 && overlaps === 0 && left === 0,
    })
    expect({ what, strange, overlaps, left }).toEqual({ what, strange: [], overlaps: 0, left: 0 })
  },
)
