import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { IPCClient } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { temporaryRuntime } from '../../packages/core/test/fixtures/temporary-runtime.js'
import { recordFigure } from '../storm/record-figure.js'
import { isLong, scale } from '../storm/scale.js'

temporaryRuntime()

const MEBIBYTE = 1024 * 1024
const MAX_GROWTH = 16 * MEBIBYTE

interface State {
  readonly heldBytes: number
  readonly residentBytes: number
  readonly isPolluted: boolean
}

function start(script: string, args: readonly string[], execArgv: string[] = []): ChildProcess {
  const path = fileURLToPath(new URL(`scripts/${script}`, import.meta.url))
  const child = fork(path, args, { execArgv })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Resolves to the next message; rejects if the process ends without one. */
async function messageOf<T>(child: ChildProcess, matches: (message: T) => boolean): Promise<T> {
  for (;;) {
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${child.spawnfile} ended with ${String(code ?? signal)}`)
    })
    ended.catch(() => undefined)
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [T]
    if (matches(message)) return message
  }
}

async function stateOf(server: ChildProcess): Promise<State> {
  server.send('state')
  return messageOf<State>(server, ({ heldBytes }) => heldBytes !== undefined)
}

/** Returns the times of requests that a good client sends one after the other. */
async function timesOf(client: IPCClient, count: number): Promise<number[]> {
  const times: number[] = []
  while (times.length < count) {
    const began = performance.now()
    expect(await client.call('echo', 'fine')).toBe('fine')
    times.push(performance.now() - began)
  }
  return times
}

/**
 * Returns a good client's times during the attack and, alternating with it, while the attacker is suspended, so that
 * other load on this machine affects both.
 */
async function compareTimes(
  client: IPCClient,
  attacker: ChildProcess,
  isOver: () => boolean,
): Promise<{ readonly quiet: number[]; readonly attacked: number[] }> {
  const quiet: number[] = []
  const attacked: number[] = []
  while (!isOver() || attacked.length < scale(300, 3000)) {
    attacked.push(...(await timesOf(client, 300)))
    attacker.kill('SIGSTOP')
    quiet.push(...(await timesOf(client, 300)))
    attacker.kill('SIGCONT')
  }
  return { quiet, attacked }
}

function p99(times: number[]): number {
  return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)]!
}

test.each<[kind: string, size: number]>([
  ['a frame of 2 GB', 2048 * MEBIBYTE],
  ['connections with such a frame', scale(64, 2048)],
  ['an endless line', scale(128, 2048) * MEBIBYTE],
  ['frames that stop', 200],
  ['slow readers', 100],
  ['tiny messages', scale(100_000, 2_000_000)],
  ['connections', scale(1000, 20_000)],
  ['damaged frames', scale(5000, 1_000_000)],
])('%s cost no memory, end nothing and block no other client', async (kind, size) => {
  const home = temporaryHome()
  const server = start('attacked-server.mjs', [home], ['--expose-gc'])
  const { endpoint } = await messageOf<{ endpoint: string }>(
    server,
    (message) => message.endpoint !== undefined,
  )
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  await timesOf(client, scale(300, 3000))
  const before = await stateOf(server)

  const attacker = start('attacker.mjs', [endpoint, kind, String(size)])
  await messageOf<string>(attacker, (message) => message === 'begun')
  let over = false
  const done = messageOf<string>(attacker, (message) => message === 'done').finally(() => {
    over = true
  })
  done.catch(() => undefined)
  const { quiet, attacked } = await compareTimes(client, attacker, () => over)
  await done

  // The attacker's connections are still open.
  const after = await stateOf(server)
  const grownBytes = after.heldBytes - before.heldBytes
  expect(server.exitCode).toBeNull()
  expect(after.isPolluted).toBe(false)
  expect(grownBytes).toBeLessThan(MAX_GROWTH)
  if (!isLong) return
  const [quietMs, attackedMs] = [p99(quiet), p99(attacked)]
  const ratio = attackedMs / quietMs
  recordFigure({
    what: `${kind} (${size})`,
    goal: '≤ 16 MiB growth, no crash, a good client’s p99 ≤ 2 ×',
    found: `${(grownBytes / MEBIBYTE).toFixed(1)} MiB (resident ${((after.residentBytes - before.residentBytes) / MEBIBYTE).toFixed(1)}), no crash, p99 ${ratio.toFixed(2)} × (${quietMs.toFixed(2)} → ${attackedMs.toFixed(2)} ms)`,
    met: grownBytes <= MAX_GROWTH && ratio <= 2,
  })
})
