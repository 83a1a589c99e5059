import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

const BIN = join(root, 'packages/cli/dist/main.js')
const SIDE_BY_SIDE = 8

/** Runs successful programs under one lock; each records its token and announces its number. */
async function runPrograms(home: string, folder: string, count: number): Promise<string> {
  const script = `seq ${count} | xargs -P ${SIDE_BY_SIDE} -I{} "$NODE" "$BIN" run --lock job --emit 'job:done={}' -- \
    sh -c 'echo "$CLI_OPS_LOCK_TOKEN {}" >> tokens'`
  const child = spawn('sh', ['-c', script], {
    cwd: folder,
    env: { ...process.env, CLI_OPS_HOME: home, NODE: process.execPath, BIN },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(0)
  return stderr
}

test('successful programs, 8 at a time, are announced once each and in token order', async () => {
  const count = scale(24, 1000)
  const home = temporaryHome()
  const folder = join(home, 'work')
  mkdirSync(folder)
  // Events are kept for a minute only, so they are read as they arrive.
  const bus = new EventBus({ home })
  onTestFinished(() => bus.close())
  const heard: unknown[] = []
  bus.on('job:done', (data) => void heard.push(data))
  const stderr = await runPrograms(home, folder, count)
  const lines = readFileSync(join(folder, 'tokens'), 'utf8').trim().split('\n')
  const tokens = lines.map((line) => BigInt(line.split(' ')[0]!))
  await expect.poll(() => heard.length, { timeout: 60_000 }).toBe(count)
  const lost = stderr.split('\n').filter((line) => line.includes('lost')).length
  const isRising = tokens.every((token, index) => index === 0 || token > tokens[index - 1]!)
  const isInOrder = lines.every((line, index) => Number(line.split(' ')[1]) === heard[index])
  recordFigure({
    what: `\`run --emit\`: ${count} programs that end well, ${SIDE_BY_SIDE} at a time`,
    goal: `${count} events, in token order, 0 false "lost"`,
    found: `${heard.length} events, ${isRising && isInOrder ? 'in token order' : 'out of order'}, ${lost} "lost"`,
    met: heard.length === count && isRising && isInOrder && lost === 0,
  })
  expect({ isRising, isInOrder, lost }).toEqual({ isRising: true, isInOrder: true, lost: 0 })
})
