import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { hasRedisServer } from './redis-server.js'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const BUILD = { name: `cliops-${process.pid}-a`, address: '10.231.77.1' }
const LAPTOP = { name: `cliops-${process.pid}-b`, address: '10.231.77.2' }
type Host = typeof BUILD

/** Whether this machine lets a test make network namespaces. Says so where it does not. */
function canMakeHosts(): boolean {
  const probe = `cliops-${process.pid}-probe`
  const made = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', probe]).status === 0
  if (made) spawnSync('ip', ['netns', 'delete', probe])
  else
    process.stderr.write('\n*** no root, or no `ip netns`: the run on two hosts is SKIPPED ***\n\n')
  return made
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

describe.runIf(hasRedisServer() && canMakeHosts())(
  'three CLIs on two hosts, with one Redis',
  { timeout: 180_000 },
  () => {
    let directory: string
    let redis: ChildProcess | undefined
    const running = new Set<ChildProcess>()

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'cli-ops-hosts-'))
      for (const { name } of [BUILD, LAPTOP]) ip('netns', 'add', name)
      // Two ends of one cable.
      const [one, other] = [`co${process.pid}a`, `co${process.pid}b`]
      ip('link', 'add', one, 'type', 'veth', 'peer', 'name', other)
      for (const [host, end] of [
        [BUILD, one],
        [LAPTOP, other],
      ] as const) {
        ip('link', 'set', end, 'netns', host.name)
        ip('-n', host.name, 'address', 'add', `${host.address}/24`, 'dev', end)
        ip('-n', host.name, 'link', 'set', end, 'up')
        ip('-n', host.name, 'link', 'set', 'lo', 'up')
      }
      redis = spawn(
        'ip',
        [
          ...['netns', 'exec', BUILD.name, 'redis-server', '--port', '6379', '--save', ''],
          ...['--bind', BUILD.address, '--protected-mode', 'no', '--dir', directory],
        ],
        { stdio: 'ignore' },
      )
      while ((await run(LAPTOP, 'cli-beta', ['ops', 'ps'])).exitCode !== 0) await delay(100)
    })

    afterAll(async () => {
      for (const child of running) child.kill('SIGKILL')
      redis?.kill('SIGKILL')
      await delay(50)
      for (const { name } of [BUILD, LAPTOP]) spawnSync('ip', ['netns', 'delete', name])
      rmSync(directory, { recursive: true, force: true })
    })

    /** Starts a CLI on a host, with a home that the other host does not see. */
    function start(host: Host, cli: string, args: readonly string[]) {
      const home = join(directory, host.name)
      mkdirSync(home, { recursive: true, mode: 0o700 })
      const program = join(examples, cli, 'dist/main.js')
      const child = spawn('ip', ['netns', 'exec', host.name, process.execPath, program, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          NODE_ENV: 'production',
          HOME: home,
          XDG_DATA_HOME: home,
          CLI_OPS_HOME: join(home, 'ops'),
          CLI_OPS_URL: `redis://${BUILD.address}`,
          CLI_OPS_LEASE_MS: '2000',
          CLI_OPS_LAST_CALL_MS: '20000',
        },
      })
      running.add(child)
      const seen = { stdout: '', stderr: '' }
      child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.stdout += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.stderr += text))
      const ended = new Promise<number | null>((resolve) => {
        child.once('close', (exitCode) => {
          running.delete(child)
          resolve(exitCode)
        })
      })
      return { child, seen, ended }
    }

    async function run(host: Host, cli: string, args: readonly string[]) {
      const { seen, ended } = start(host, cli, args)
      return { exitCode: await ended, ...seen }
    }

    /** Waits until a CLI has said something. */
    async function until({ seen }: ReturnType<typeof start>, text: string): Promise<void> {
      const deadline = performance.now() + 60_000
      while (!`${seen.stdout}${seen.stderr}`.includes(text)) {
        if (performance.now() > deadline) {
          throw new Error(`no "${text}" in ${seen.stdout}${seen.stderr}`)
        }
        await delay(20)
      }
    }

    test('the hosts share nothing but the wire', async () => {
      const { exitCode } = await run(LAPTOP, 'cli-alpha', ['list'])
      expect(exitCode).toBe(0)
      expect(
        spawnSync('ip', ['netns', 'exec', LAPTOP.name, 'ip', 'route']).stdout.toString(),
      ).not.toContain('default')
    })

    test('one hears what the others did on the other host', async () => {
      const watch = start(BUILD, 'cli-alpha', ['watch'])
      await until(watch, 'watching')
      expect((await run(LAPTOP, 'cli-beta', ['add', 'Lamp'])).exitCode).toBe(0)
      expect((await run(LAPTOP, 'cli-gamma', ['create', 'House'])).exitCode).toBe(0)
      await until(watch, 'item:created {')
      await until(watch, 'project:created {')

      // It is found and answers, across the hosts.
      const status = await run(LAPTOP, 'cli-beta', ['status'])
      expect(status.stdout).toMatch(/^cli-alpha .*tasks: 0/mu)
      watch.child.kill('SIGINT')
      await watch.ended
      expect((await run(LAPTOP, 'cli-beta', ['status'])).stdout).toContain(
        'no other CLI is running',
      )
    })

    test('one waits for a lock on the other host, and is told who has it', async () => {
      for (const title of ['one', 'two', 'three', 'four']) {
        await run(BUILD, 'cli-alpha', ['add', title])
      }
      const list = join(directory, BUILD.name, 'list.json')
      const { stdout } = await run(BUILD, 'cli-alpha', ['list', '--json'])
      writeFileSync(list, stdout)
      const sync = start(LAPTOP, 'cli-alpha', ['sync', '--from', list, '--pace', '700'])
      await until(sync, 'syncing')
      const add = start(BUILD, 'cli-alpha', ['add', 'five'])
      await until(add, 'waiting for "task-database", held for')
      expect(add.seen.stderr).toContain('by cli-alpha sync')
      expect(await sync.ended).toBe(0)
      expect(await add.ended).toBe(0)
    })

    test('a killed owner on the other host blocks for a lease and no longer', async () => {
      const list = join(directory, BUILD.name, 'list.json')
      const sync = start(BUILD, 'cli-alpha', [
        'sync',
        '--board',
        `${list}.md`,
        '--from',
        list,
        '--pace',
        '5000',
      ])
      await until(sync, 'syncing')
      sync.child.kill('SIGKILL')
      const add = await run(LAPTOP, 'cli-alpha', ['add', 'after the crash'])
      expect(add).toMatchObject({ exitCode: 0 })
    })
  },
)
