import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { hasPostgres, PostgresServer } from '../../../test/engines/postgres-server.js'

const FIGHTER = fileURLToPath(new URL('fixtures/fighter.mjs', import.meta.url))
const SETTLED = { timeout: 110_000, interval: 50 }
const FIGHTERS = 8
const TURNS = Number(process.env['FIGHT_TURNS'] ?? 12)
const END_ALL = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cli-ops'`

describe.runIf(hasPostgres())(
  'eight processes that fight for a lock, and a group that hears of it',
  () => {
    test('lose nothing while all their sessions are ended, again and again', async () => {
      const server = await startServer()
      const admin = await server.connect()
      onTestFinished(() => admin.end())
      const fight = startFight(server.url)
      let ended = 0
      while (!fight.isOver()) {
        const { rowCount } = await admin.query(END_ALL)
        ended += rowCount ?? 0
        await delay(250)
      }
      await fight.expectWhole()
      expect(ended).toBeGreaterThan(FIGHTERS)
    })

    test('lose nothing while the server crashes, again and again', async () => {
      const server = await startServer()
      const fight = startFight(server.url)
      for (let crash = 0; crash < 4; crash += 1) {
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

async function startServer(): Promise<PostgresServer> {
  const server = await PostgresServer.start()
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
    /** Waits for the end: each had its turns, alone and with rising tokens, and all that was acknowledged was handled, in order. */
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
