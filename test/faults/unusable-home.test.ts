import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createCoordinator, EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { HOSTS, type HostResult, type HostRun, runHost } from '../behaviour/run-host.js'
import { giveBackQuota, homeWithQuota, useUpQuota } from '../environments/quota-disk.js'

const PRELOAD = fileURLToPath(new URL('scripts/fail-in-home.mjs', import.meta.url))
const LOCK = 'database'
const host = HOSTS.find(({ framework }) => framework === 'commander')!

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

/** Something that is wrong with a home, and how a command must tell of it. */
interface Fault {
  readonly title: string
  /** What the message says of it. */
  readonly said: string
  /** What the message says is to be done. */
  readonly remedy: string
  /** Makes the disk that the home is on. @default a small tmpfs */
  readonly disk?: (context: TestContext) => string
  /** Breaks the home, where it is the home that is broken. */
  readonly break?: (home: string, context: TestContext) => void
  readonly repair?: (home: string) => void
  /** Breaks the command's view of it. */
  readonly run?: Pick<HostRun, 'env' | 'wrapper'>
  /** Exit code of a command that needs a lock. @default 69 */
  readonly refusal?: number
  /** True where a lock can be had all the same. */
  readonly locks?: boolean
}

const EVERY_OPERATION =
  'openSync,writeSync,renameSync,mkdirSync,writeFileSync,unlinkSync,readdirSync,lstatSync'

/** A home of which every operation fails with an error of the system. */
function injected(code: string, said: string, remedy: string, functions = EVERY_OPERATION): Fault {
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, FAULT: `${code}:${functions}` }
  const where = functions === EVERY_OPERATION ? '' : ` by ${functions}`
  return { title: `reports ${code}${where}`, said, remedy, run: { env } }
}

const FAULTS: readonly Fault[] = [
  {
    title: 'is on a full disk',
    said: 'the disk is full',
    remedy: 'free some space',
    break: (home) => {
      for (let size = 65_536; size >= 1; size /= 2) {
        try {
          for (;;) appendFileSync(join(home, 'filler'), Buffer.alloc(size))
        } catch {
          // Smaller pieces may still fit.
        }
      }
    },
    repair: (home) => rmSync(join(home, 'filler')),
    // A lock is a name, and on this file system names take no room.
    locks: true,
  },
  {
    title: 'is on a disk without room for another file',
    said: 'the disk is full',
    remedy: 'free some space',
    break: (home) => {
      mkdirSync(join(home, 'filler'))
      try {
        for (let n = 0; n < 10_000; n += 1) writeFileSync(join(home, 'filler', String(n)), '')
      } catch {
        // No more.
      }
    },
    repair: (home) => rmSync(join(home, 'filler'), { recursive: true }),
  },
  {
    title: 'has used up its quota',
    said: 'the disk quota is used up',
    remedy: 'free some space',
    disk: homeWithQuota,
    break: useUpQuota,
    repair: giveBackQuota,
  },
  {
    title: 'is on a read-only file system',
    said: 'the file system is read-only',
    remedy: 'set CLI_OPS_HOME to a writable directory',
    break: (home) => remount(home, 'ro'),
    repair: (home) => remount(home, 'rw'),
  },
  {
    title: 'is open to others',
    said: 'its mode is 755',
    refusal: 77,
    remedy: 'chmod 700',
    break: (home) => chmodSync(home, 0o755),
    repair: (home) => chmodSync(home, 0o700),
  },
  {
    title: 'belongs to somebody else',
    said: 'it belongs to uid 12345, not to you',
    refusal: 77,
    remedy: 'set CLI_OPS_HOME to a directory of your own',
    break: (home, context) => {
      context.skip(process.getuid?.() !== 0, 'only root can give a directory away')
      chownSync(home, 12_345, 12_345)
    },
    repair: (home) => chownSync(home, 0, 0),
  },
  {
    title: 'is a path below a file',
    said: 'a part of the path is a file',
    remedy: 'set CLI_OPS_HOME to a directory',
    run: { env: { CLI_OPS_HOME: '/dev/null/home' } },
  },
  {
    title: "may not be written to by Node's permission model",
    said: 'node --permission denies access',
    remedy: '--allow-fs-write',
    run: { env: { NODE_OPTIONS: `${PERMISSION} --allow-fs-read=* --no-warnings` } },
    refusal: 77,
  },
  injected('EIO', 'the file system reports an error', 'check it'),
  injected('EIO', 'the file system reports an error', 'check it', 'renameSync'),
  injected('EMFILE', 'too many files are open in this process', 'ulimit -n'),
  injected('ENFILE', 'too many files are open on this machine', 'fs.file-max'),
  injected('ENOSPC', 'the disk is full', 'free some space'),
  injected('EDQUOT', 'the disk quota is used up', 'free some space'),
  injected('ESTALE', 'the file system reports an error', 'set CLI_OPS_HOME'),
  injected('EUCLEAN', 'the file system reports an error', 'set CLI_OPS_HOME'),
  {
    ...injected('EIO', 'the file system reports an error', 'check it', 'writeSync'),
    // What a lock is held by is its name. Its content is for people.
    locks: true,
  },
  {
    title: 'is on a network file system',
    said: 'events cannot be kept on a network file system',
    remedy: 'CLI_OPS_URL',
    run: { env: { NODE_OPTIONS: `--import=${PRELOAD}`, FAULT_STATFS: String(0x6969) } },
    locks: true,
  },
  {
    title: 'allows no byte in its files (ulimit -f 0)',
    said: 'a file there has reached the size limit of this process',
    remedy: 'ulimit -f',
    run: {
      wrapper: ['sh', '-c', 'ulimit -f 0; exec "$@"', 'sh'],
      // Node would say that it cannot write down what it ran either.
      env: { NODE_V8_COVERAGE: '' },
    },
    locks: true,
  },
]

function remount(home: string, mode: string): void {
  expect(spawnSync('mount', ['-o', `remount,${mode}`, home]).status).toBe(0)
}

/** A home on a small disk of its own. */
function smallDisk(context: TestContext): string {
  const home = temporaryHome()
  const options = 'size=1m,nr_inodes=200,mode=0700'
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', home])
  context.skip(status !== 0, `a small disk cannot be mounted here: ${String(stderr)}`)
  onTestFinished(() => void spawnSync('umount', ['-l', home]))
  return home
}

function linesOf({ stderr }: HostResult): string[] {
  return stderr.split('\n').filter((line) => line !== '')
}

async function emitThree(home: string): Promise<void> {
  // One for each of the homes: together they would be more than a process may emit in a second.
  await using bus = new EventBus({ home, rateLimit: false })
  for (const n of [1, 2, 3]) await bus.emit('kept:event', { n })
}

async function leftIn(home: string): Promise<unknown> {
  await using ops = createCoordinator({ name: 'observer', home })
  return { locks: await ops.locks.list(), instances: await ops.registry.discover() }
}

async function dataOf(home: string): Promise<unknown[]> {
  await using ops = createCoordinator({ name: 'observer', home })
  return (await ops.events.read('kept:*', { from: 'earliest' })).map(({ data }) => data)
}

describe.each(FAULTS)('a home that $title', (fault) => {
  test('keeps no command from running, and a locking one from running without its lock', async (context) => {
    const home = (fault.disk ?? smallDisk)(context)
    await emitThree(home)
    fault.break?.(home, context)

    const run = { home, args: ['run', 'returns'], ...fault.run }
    const plain = await runHost(host, run)
    expect(plain).toMatchObject({ exitCode: 0, stdout: 'done\n' })
    expect(linesOf(plain)).toHaveLength(1)
    expect(plain.stderr).toMatch(/^host: continuing without events and registry: /u)
    expect(plain.stderr).toContain(fault.said)
    expect(plain.stderr).toContain(fault.remedy)

    const options = { commands: { run: { lock: LOCK, emits: 'other:event' } } }
    const locking = await runHost(host, { ...run, options })
    if (fault.locks === true) {
      expect(locking).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: plain.stderr })
    } else {
      expect(locking).toMatchObject({ exitCode: fault.refusal ?? 69, stdout: '' })
      const [line, ...more] = linesOf(locking)
      expect(more).toEqual([])
      expect(line).toMatch(/^host: (?:cannot use|refusing to use) /u)
      expect(line).toContain(fault.said)
      expect(line).toContain(fault.remedy)
    }

    fault.repair?.(home)
    expect(await dataOf(home)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    const repaired = { commands: { run: { lock: LOCK, emits: 'kept:after' } } }
    const again = await runHost(host, { home, args: ['run', 'returns'], options: repaired })
    expect(again).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: '' })
    expect(await dataOf(home)).toHaveLength(4)
    expect(await leftIn(home)).toEqual({ locks: [], instances: [] })
  })
})

describe('a home that vanishes', () => {
  test('while a command holds its lock ends neither the command nor its clean-up', async () => {
    const home = temporaryHome()
    const options = { commands: { run: { lock: LOCK } } }
    const running = runHost(host, {
      home,
      args: ['run', 'SIGTERM'],
      options,
      send: 'SIGTERM',
      onReady: () => rmSync(home, { recursive: true }),
    })
    const result = await running
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGTERM', stdout: 'ready\n' })
    expect(linesOf(result).length).toBeLessThanOrEqual(1)
    // The lock went with the home: who comes now makes both anew.
    const next = await runHost(host, { home, args: ['run', 'returns'], options })
    expect(next).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: '' })
  })

  test('and comes back as a symbolic link is not used', async () => {
    const home = temporaryHome()
    await using ops = createCoordinator({ name: 'victim', home })
    await ops.events.emit('kept:event', { n: 1 })
    const elsewhere = temporaryHome()
    rmSync(home, { recursive: true })
    symlinkSync(elsewhere, home)
    await expect(ops.locks.lock(LOCK)).rejects.toMatchObject({ code: 'INSECURE_DIRECTORY' })
    expect(readdirSync(elsewhere)).toEqual([])
  })
})
