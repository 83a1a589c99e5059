import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { EventBus, LockManager, type SubscribeOptions } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import {
  hasPostgres,
  PostgresServer,
  type PostgresServerOptions,
} from '../../../test/engines/postgres-server.js'

const FIGHTER = fileURLToPath(new URL('fixtures/fighter.mjs', import.meta.url))
const SETTLED = { timeout: 110_000, interval: 50 }
const CRASHES = 4
/** After each crash, the lock is free one lease later. */
const FIGHT_MS = CRASHES * SETTLED.timeout
const FIGHTERS = 8
const TURNS = Number(process.env['FIGHT_TURNS'] ?? 12)
const END_ALL = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cli-ops'`

describe.runIf(hasPostgres())(
  'eight processes that fight for a lock, and a group that receives their events',
  () => {
    test('lose nothing while all their sessions are ended repeatedly', async () => {
      const server = await startServer()
      const admin = await server.connect()
      onTestFinished(() => admin.end())
      const fight = startFight(server.url)
      let ended = 0
      while (!fight.isOver()) {
        const before = fight.tokens().length
        const { rowCount } = await admin.query(END_ALL)
        ended += rowCount ?? 0
        // On a very busy machine no process would get a turn between two of these.
        while (!fight.isOver() && fight.tokens().length === before) await delay(50)
        await delay(250)
      }
      await fight.expectWhole()
      expect(ended).toBeGreaterThan(FIGHTERS)
    })

    test('lose nothing while the server crashes repeatedly', { timeout: FIGHT_MS }, async () => {
      const server = await startServer()
      const fight = startFight(server.url)
      for (let crash = 0; crash < CRASHES; crash += 1) {
        const before = fight.tokens().length
        await vi.waitFor(() => {
          expect(fight.tokens().length).toBeGreaterThan(before + 3)
        }, SETTLED)
        // As `pg_ctl stop -m immediate` does.
        await server.kill('SIGQUIT')
        await server.restart()
      }
      await fight.expectWhole()
    })
  },
)

describe.runIf(hasPostgres())('a replica promoted without the last writes', () => {
  test('issues tokens above all of the lost primary’s, and reports a gap to every reader', async () => {
    const primary = await startServer()
    const replica = await startServer({ primary })
    const url = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${replica.port}/postgres`
    const namespace = randomUUID()
    const place = { url, namespace, home: tmpdir(), disabled: false, leaseMs: 4_000 }
    await using locks = new LockManager(place)
    await using events = new EventBus(place)

    /** A reader and what it has received: `gap` if it was notified of one. */
    const startReader = (options: SubscribeOptions) => {
      const bus = new EventBus(place)
      onTestFinished(() => bus.close())
      const heard: unknown[] = []
      const onGap = (): void => {
        heard.push('gap')
      }
      const subscription = bus.on('a:b', (data) => heard.push(data), { ...options, onGap })
      return { heard, ready: subscription.ready }
    }
    const present = [startReader({}), startReader({ group: 'g' })]
    await Promise.all(present.map(({ ready }) => ready))

    await events.emit('a:b', 'kept')
    await replica.caughtUp(primary)
    await replica.detach()
    // Acknowledged by the primary only.
    const tokens: bigint[] = []
    for (const data of ['lost 1', 'lost 2', 'lost 3']) {
      tokens.push(await locks.acquire('db', ({ token }) => token))
      await events.emit('a:b', data)
    }
    await vi.waitFor(() => {
      for (const { heard } of present) expect(heard).toEqual(['kept', 'lost 1', 'lost 2', 'lost 3'])
    }, SETTLED)
    await primary.kill()
    await replica.promote()

    // A client that knows nothing of the loss connects first.
    await using newcomer = new EventBus({ ...place, leaseMs: 4_001 })
    await newcomer.emit('a:b', 'after')
    await vi.waitFor(() => {
      for (const { heard } of present) expect(heard.slice(4)).toEqual(['gap', 'after'])
    }, SETTLED)
    const late = startReader({ from: 'earliest' })
    await vi.waitFor(() => {
      expect(late.heard).toEqual(['kept', 'gap', 'after'])
    }, SETTLED)
    await vi.waitFor(async () => {
      tokens.push(await locks.acquire('db', ({ token }) => token))
    }, SETTLED)
    expect(tokens).toEqual([...tokens].sort((one, other) => Number(one - other)))
    expect(new Set(tokens).size).toBe(4)
  })
})

async function startServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const server = await PostgresServer.start(options)
  onTestFinished(() => server.stop())
  return server
}

function startFight(url: string) {
  const directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  const env = {
    ...process.env,
    CLI_OPS_URL: url,
    CLI_OPS_HOME: directory,
    CLI_OPS_LEASE_MS: '20000',
  }
  const fighters = Array.from({ length: FIGHTERS }, (_, index) => {
    const child = spawn(process.execPath, [FIGHTER, `f${index}`, directory, String(TURNS)], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const fighter = { child, said: '', failed: '', ended: once(child, 'close') }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (fighter.said += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (fighter.failed += text))
    return fighter
  })
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  const lines = (file: string): string[] => {
    const path = join(directory, file)
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
  }
  const isOver = (): boolean =>
    fighters.every(({ said, child }) => said !== '' || child.exitCode !== null)
  return {
    isOver,
    tokens: () => lines('tokens'),
    /**
     * Waits for the end: each had its turns, alone and with rising tokens, and every acknowledged event was handled, in
     * order.
     */
    async expectWhole(): Promise<void> {
      await vi.waitFor(() => {
        expect(isOver()).toBe(true)
      }, SETTLED)
      const wrong = fighters.filter(({ said }) => said !== 'done\n')
      expect(wrong.map(({ failed }) => failed)).toEqual([])
      const tokens = lines('tokens').map(BigInt)
      expect(tokens).toHaveLength(FIGHTERS * TURNS)
      expect(tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0n))).toBe(
        true,
      )
      await vi.waitFor(() => {
        expect(new Set(lines('handled'))).toEqual(new Set(lines('emitted')))
      }, SETTLED)
      for (const { child } of fighters) child.stdin.end()
      expect(await Promise.all(fighters.map(({ ended }) => ended))).toEqual(
        fighters.map(() => [0, null]),
      )
    },
  }
}
