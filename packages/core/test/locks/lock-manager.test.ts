import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type CliOpsError, type Lock, type LockInfo, LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, test, vi } from 'vitest'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'

describe.each(['local:', 'memory:'])('locks on %s', (url) => {
  function managers(count: number): LockManager[] {
    const home = temporaryHome()
    return Array.from({ length: count }, () => new LockManager({ home, url }))
  }

  test('acquire returns the result and releases', async () => {
    const [locks] = managers(1)
    expect(await locks!.acquire('db', () => 42)).toBe(42)
    expect(await locks!.acquire('db', async () => Promise.resolve('later'))).toBe('later')
    expect(await locks!.isLocked('db')).toBe(false)
    expect(await locks!.inspect('db')).toBeNull()
    await locks!.close()
  })

  test('a caller that gives up at the moment of the grant has no lock', async () => {
    const [locks] = managers(1)
    const abort = new AbortController()
    const trying = locks!.tryLock('db', { signal: abort.signal })
    abort.abort()
    await expect(trying).rejects.toMatchObject({ name: 'AbortError' })
    expect(await locks!.inspect('db')).toBeNull()
    await locks!.close()
  })

  test('acquire rethrows an exception and releases', async () => {
    const [locks] = managers(1)
    const failure = new Error('mine')
    await expect(locks!.acquire('db', () => Promise.reject(failure))).rejects.toBe(failure)
    await expect(
      locks!.acquire('db', () => {
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(await locks!.isLocked('db')).toBe(false)
    await locks!.close()
  })

  test('admits one holder at a time, in order of arrival, with rising tokens', async () => {
    const [one, two] = managers(2)
    const order: number[] = []
    const tokens: bigint[] = []
    let inside = 0
    const waits = Array.from({ length: 12 }, (_, turn) =>
      (turn % 2 === 0 ? one! : two!).acquire('db', async ({ token }) => {
        inside += 1
        order.push(turn)
        tokens.push(token)
        await new Promise(setImmediate)
        expect(inside).toBe(1)
        inside -= 1
      }),
    )
    await Promise.all(waits)
    expect(order).toEqual(Array.from({ length: 12 }, (_, turn) => turn))
    expect(tokens.every((token, turn) => turn === 0 || token > tokens[turn - 1]!)).toBe(true)
    await Promise.all([one!.close(), two!.close()])
  })

  test('admits sharers together, each with a token', async () => {
    const [locks] = managers(1)
    const shared = await Promise.all([1, 2, 3].map(() => locks!.lock('db', { mode: 'shared' })))
    expect(new Set(shared.map(({ token }) => token)).size).toBe(3)
    expect(await locks!.tryLock('db')).toBeNull()
    const exclusive = locks!.lock('db')
    for (const lock of shared) await lock.release()
    expect((await exclusive).mode).toBe('exclusive')
    expect(await locks!.tryLock('db', { mode: 'shared' })).toBeNull()
    await locks!.close()
  })

  test('tryLock returns null while another holds it or waits for it', async () => {
    const [locks] = managers(1)
    const lock = await locks!.tryLock('db')
    expect(lock).not.toBeNull()
    expect(await locks!.tryLock('db')).toBeNull()
    expect(locks!.tryLockSync('db')).toBeNull()
    lock!.releaseSync()
    const again = locks!.tryLockSync('db')
    expect(again!.token).toBeGreaterThan(lock!.token)
    await locks!.close()
  })

  test('timeoutMs 0 fails immediately, another timeout in time, both naming the holder', async () => {
    const [locks] = managers(1)
    const lock = await locks!.lock('db')
    const now = await locks!.lock('db', { timeoutMs: 0 }).catch((error: unknown) => error)
    expect(now).toMatchObject({ code: 'LOCK_HELD', retryable: true, details: { id: lock.id } })
    const late = await locks!.lock('db', { timeoutMs: 30 }).catch((error: unknown) => error)
    expect(late).toMatchObject({ code: 'LOCK_TIMEOUT', details: { id: lock.id, timeoutMs: 30 } })
    expect((late as CliOpsError).message).toMatch(
      new RegExp(`^"db" is still held by .+ \\(pid ${process.pid}, .+@.+\\) after 30 ms$`, 'u'),
    )
    expect((await locks!.inspect('db'))?.waiters).toEqual([])
    await locks!.close()
  })

  test('a signal ends the wait with its reason, and an aborted one before anything changed', async () => {
    const [locks] = managers(1)
    const lock = await locks!.lock('db')
    const abort = new AbortController()
    const waiting = locks!.lock('db', { signal: abort.signal })
    await vi.waitFor(async () => {
      expect((await locks!.inspect('db'))?.waiters).toHaveLength(1)
    }, 20_000)
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect((await locks!.inspect('db'))?.waiters).toEqual([])
    await lock.release()
    await expect(locks!.lock('db', { signal: abort.signal })).rejects.toBe(reason)
    await expect(locks!.tryLock('db', { signal: abort.signal })).rejects.toBe(reason)
    expect(() => locks!.tryLockSync('db', { signal: abort.signal })).toThrow(reason)
    expect(await locks!.isLocked('db')).toBe(false)
    await locks!.close()
  })

  test('onWait names the holder and the waiters; an error that it throws ends the wait', async () => {
    const [locks] = managers(1)
    const lock = await locks!.lock('db')
    const infos: LockInfo[] = []
    const turn = locks!.lock('db', { onWait: (info) => infos.push(info) })
    await vi.waitFor(() => expect(infos).toHaveLength(1), 20_000)
    expect(infos[0]).toMatchObject({ resource: 'db', id: lock.id, owner: { pid: process.pid } })
    expect(infos[0]!.waiters).toHaveLength(1)
    const failure = new Error('from onWait')
    const failing = locks!.lock('db', {
      onWait: () => {
        throw failure
      },
    })
    await expect(failing).rejects.toBe(failure)
    const rejecting = locks!.lock('db', { onWait: () => Promise.reject(failure) })
    await expect(rejecting).rejects.toBe(failure)
    const thenable = { then: (_: unknown, reject: (error: Error) => void) => reject(failure) }
    await expect(locks!.lock('db', { onWait: () => thenable })).rejects.toBe(failure)
    const throwNothing = (): never => {
      throw undefined // eslint-disable-line @typescript-eslint/only-throw-error
    }
    const speechless = locks!.lock('db', { onWait: throwNothing })
    await expect(speechless).rejects.toThrow('onWait threw undefined')
    expect((await locks!.inspect('db'))?.waiters).toHaveLength(1)
    await lock.release()
    await (await turn).release()
    await locks!.close()
  })

  test('a forced release aborts the signal, and the late release changes nothing', async () => {
    const [locks] = managers(1)
    const lock = await locks!.lock('db')
    const lost = new Promise((resolve) => lock.signal.addEventListener('abort', resolve))
    expect(await locks!.forceRelease('db', 'another-id')).toBe(false)
    expect(await locks!.forceRelease('db', lock.id)).toBe(true)
    await lost
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', details: { id: lock.id } })
    expect(() => lock.assertHeld()).toThrow('taken away')
    const newer = await locks!.lock('db')
    await lock.release()
    newer.assertHeld()
    expect(newer.token).toBeGreaterThan(lock.token)
    await locks!.close()
  })

  test('release and releaseSync can be called again, and dispose releases', async () => {
    const [locks] = managers(1)
    let kept: Lock
    {
      await using lock = await locks!.lock('db')
      kept = lock
      lock.assertHeld()
    }
    await kept.release()
    kept.releaseSync()
    expect(kept.signal.aborted).toBe(false)
    expect(() => kept.assertHeld()).toThrow('already been released')
    await locks!.close()
  })

  test('close releases, ends waits and refuses further calls', async () => {
    const [locks, other] = managers(2)
    const lock = await locks!.lock('db')
    const waiting = locks!.lock('db')
    const ended = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
    await vi.waitFor(async () => {
      expect((await other!.inspect('db'))?.waiters).toHaveLength(1)
    }, 20_000)
    await locks!.close()
    await ended
    expect(() => lock.assertHeld()).toThrow()
    expect(await other!.inspect('db')).toBeNull()
    await expect(locks!.lock('db')).rejects.toMatchObject({ code: 'CLOSED' })
    expect(() => locks!.tryLockSync('db')).toThrow('closed')
    await other!.close()
  })

  test('list shows what is held', async () => {
    const [locks] = managers(1)
    await locks!.lock('one')
    await locks!.lock('two', { mode: 'shared' })
    const list = await locks!.list()
    expect(list.map(({ resource, mode }) => [resource, mode])).toEqual([
      ['one', 'exclusive'],
      ['two', 'shared'],
    ])
    await locks!.close()
  })

  describe('deadlocks', () => {
    test('a flow that requests what it holds is refused immediately', async () => {
      const [locks] = managers(1)
      const nested = locks!.acquire('db', () => locks!.acquire('db', () => 'never'))
      await expect(nested).rejects.toMatchObject({ code: 'LOCK_DEADLOCK' })
      const upgrade = locks!.acquire('db', () => locks!.lock('db'), { mode: 'shared' })
      await expect(upgrade).rejects.toMatchObject({ code: 'LOCK_DEADLOCK' })
      await locks!.close()
    })

    test('a released lock and another flow are not a deadlock', async () => {
      const [locks] = managers(1)
      await locks!.acquire('db', async (lock) => {
        await lock.release()
        await locks!.acquire('db', () => undefined)
      })
      const lock = await locks!.lock('db')
      const independent = locks!.acquire('db', () => 'got it')
      await vi.waitFor(async () => {
        expect((await locks!.inspect('db'))?.waiters).toHaveLength(1)
      }, 20_000)
      await lock.release()
      expect(await independent).toBe('got it')
      await locks!.close()
    })

    test('a flow that shares can share again, past an exclusive waiter', async () => {
      const [locks] = managers(1)
      let begin: () => void = () => undefined
      // Created out here, so that it is not part of the sharing flow.
      const exclusive = new Promise<void>((resolve) => (begin = resolve)).then(() =>
        locks!.lock('db'),
      )
      const share = <T>(callback: () => Promise<T>) =>
        locks!.acquire('db', callback, { mode: 'shared' })
      const result = await share(async () => {
        begin()
        await vi.waitFor(async () => {
          expect((await locks!.inspect('db'))?.waiters).toHaveLength(1)
        }, 20_000)
        return share(() => Promise.resolve('twice'))
      })
      expect(result).toBe('twice')
      await (await exclusive).release()
      await locks!.close()
    })

    test('of two flows that take two locks crosswise the younger waiter gives up', async () => {
      const [locks] = managers(1)
      let isInside = 0
      let letGo: () => void = () => undefined
      const both = new Promise<void>((resolve) => (letGo = resolve))
      const cross = (first: string, second: string, delayed?: Promise<unknown>) =>
        locks!.acquire(first, async () => {
          isInside += 1
          if (isInside === 2) letGo()
          await both
          await delayed
          return locks!.acquire(second, () => 'done')
        })
      const older = cross('one', 'two')
      const waits = vi.waitFor(async () => {
        expect((await locks!.inspect('two'))?.waiters).toHaveLength(1)
      }, 20_000)
      const younger = cross('two', 'one', waits)
      await expect(younger).rejects.toMatchObject({ code: 'LOCK_DEADLOCK' })
      expect(await older).toBe('done')
      await locks!.close()
    })
  })
})

describe('arguments', () => {
  const locks = new LockManager({ home: '/nowhere', url: 'memory:' })

  test.each([
    ['a resource that is missing', () => locks.lock(), /^resource must be given/u],
    ['an empty resource', () => locks.lock(''), /^resource must not be empty/u],
    ['a resource that is no string', () => locks.lock(7 as never), /^resource must be a string/u],
    ['a control character', () => locks.lock('a\u0007b'), /control characters/u],
    ['a resource that is too long', () => locks.lock('x'.repeat(1025)), /at most 1024 bytes/u],
    ['a callback that is missing', () => locks.acquire('db' as never), /^callback must be/u],
    ['a negative timeout', () => locks.lock('db', { timeoutMs: -1 }), /^timeoutMs must be .* -1$/u],
    [
      'a timeout that is no number',
      () => locks.lock('db', { timeoutMs: NaN }),
      /^timeoutMs .* NaN$/u,
    ],
    [
      'a wrong mode',
      () => locks.lock('db', { mode: 'write' as never }),
      /^mode must be .*"write"$/u,
    ],
    ['a wrong signal', () => locks.lock('db', { signal: {} as never }), /^signal must be/u],
    ['a wrong label', () => locks.lock('db', { label: '' }), /^label must be 1 to 200/u],
    ['a wrong onWait', () => locks.lock('db', { onWait: 'x' as never }), /^onWait must be/u],
    ['options that are none', () => locks.lock('db', 30 as never), /^options must be/u],
    ['a path that is none', () => locks.lockFile(''), /^path must be/u],
  ])('%s is a TypeError', async (_, call, message) => {
    const error: unknown = await call().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  test('checks and names the environment’s timeout', async () => {
    const home = temporaryHome()
    vi.stubEnv('CLI_OPS_LOCK_TIMEOUT_MS', 'soon')
    expect(() => new LockManager({ home })).toThrow(
      new TypeError('CLI_OPS_LOCK_TIMEOUT_MS must be a whole number of milliseconds, got "soon"'),
    )
    vi.stubEnv('CLI_OPS_LOCK_TIMEOUT_MS', '20')
    const limited = new LockManager({ home })
    vi.unstubAllEnvs()
    await limited.lock('db')
    await expect(limited.lock('db')).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    await limited.close()
  })

  test('waits for a timeout longer than a timer allows', async () => {
    const home = temporaryHome()
    const local = new LockManager({ home })
    const lock = await local.lock('db')
    const turn = local.lock('db', { timeoutMs: 2 ** 40 })
    await vi.waitFor(() => expect(namesIn(home, 'queues', 'db')).toHaveLength(1), 20_000)
    await lock.release()
    await (await turn).release()
    await local.close()
  })
})

test('a disabled manager runs callbacks and touches nothing, even nested', async () => {
  const home = join(temporaryHome(), 'none')
  const locks = new LockManager({ home, disabled: true })
  const nested = locks.acquire('db', () => locks.acquire('db', () => 'inner'))
  expect(await nested).toBe('inner')
  expect(await locks.isLocked('db')).toBe(false)
  expect(namesIn(home)).toEqual([])
})

test('the constructor’s resource is the default', async () => {
  const home = temporaryHome()
  const locks = new LockManager('config-file', { home })
  await locks.acquire(async (lock) => {
    expect(lock.resource).toBe('config-file')
    expect(await locks.isLocked()).toBe(true)
    expect(namesIn(home, 'locks')).toEqual(['config-file.lock'])
  })
  expect(await locks.isLocked()).toBe(false)
})

describe('names', () => {
  test.each(['../x', 'con', 'A', 'a', 'x'.repeat(300), '__proto__', '🔒', '.', 'a/b\\c', '%2E'])(
    '%s is a separate lock inside the home',
    async (resource) => {
      const home = temporaryHome()
      const locks = new LockManager({ home })
      const lock = await locks.lock(resource)
      expect(readdirSync(join(home, 'locks'))).toHaveLength(1)
      expect(await locks.list()).toMatchObject([{ resource }])
      const other = resource === 'A' ? 'a' : `${resource}.`
      expect(await locks.tryLock(other)).not.toBeNull()
      await lock.release()
    },
  )
})

describe('an unusable home', () => {
  test('readable by others is refused untouched', async () => {
    const home = temporaryHome()
    chmodSync(home, 0o755)
    const locks = new LockManager({ home })
    await expect(locks.lock('db')).rejects.toMatchObject({ code: 'INSECURE_DIRECTORY' })
    await expect(locks.list()).rejects.toMatchObject({ code: 'INSECURE_DIRECTORY' })
    expect(namesIn(home)).toEqual([])
  })

  test('of another user is refused', async (context) => {
    context.skip(process.getuid?.() !== 0, 'only root can give a directory away')
    const home = temporaryHome()
    chownSync(home, 12_345, 12_345)
    await expect(new LockManager({ home }).lock('db')).rejects.toMatchObject({
      code: 'INSECURE_DIRECTORY',
    })
  })

  test('that is a file, or behind one, is named', async () => {
    const home = join(temporaryHome(), 'file')
    writeFileSync(home, '')
    for (const path of [home, join(home, 'below')]) {
      const error = await new LockManager({ home: path })
        .lock('db')
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'STORAGE_FAILED' })
      expect((error as Error).message).toContain(home)
    }
  })

  test('inspecting creates no home', async () => {
    const home = join(temporaryHome(), 'none')
    const locks = new LockManager({ home })
    expect(await locks.list()).toEqual([])
    expect(await locks.inspect('db')).toBeNull()
    expect(await locks.cleanStaleLocks()).toEqual([])
    expect(await locks.forceRelease('db', 'x')).toBe(false)
    expect(namesIn(home)).toEqual([])
  })

  test('when removed under a holder, loses the lock, and the next one works', async () => {
    const home = temporaryHome()
    const locks = new LockManager({ home })
    const lock = await locks.lock('db')
    rmSync(home, { recursive: true })
    expect(() => lock.assertHeld()).toThrow('taken away')
    const again = await locks.lock('db')
    expect(again.token).toBeGreaterThan(lock.token)
    await again.release()
  })
})

describe('foreign files', () => {
  test('in the place of a lock are named, never deleted and never waited for', async () => {
    const home = temporaryHome()
    const locks = new LockManager({ home })
    await locks.acquire('db', () => undefined)
    const place = join(home, 'locks', 'db.lock')
    const stages = [
      () => {
        rmSync(place, { recursive: true })
        writeFileSync(place, '4242')
      },
      () => {
        rmSync(place)
        mkdirSync(place)
        writeFileSync(join(place, '.DS_Store'), '')
      },
      () => {
        rmSync(place, { recursive: true })
        symlinkSync(home, place)
      },
    ]
    for (const stage of stages) {
      stage()
      for (const mode of ['exclusive', 'shared'] as const) {
        const error = await locks.lock('db', { mode }).catch((reason: unknown) => reason)
        expect(error).toMatchObject({ code: 'STORAGE_FAILED', details: { path: place } })
        expect((error as Error).message).toContain(place)
      }
      expect(await locks.cleanStaleLocks()).toEqual([])
      await locks.list()
      expect(namesIn(home, 'locks')).toEqual(['db.lock'])
      expect(namesIn(home, 'claims')).toEqual([])
    }
    rmSync(place)
    expect(await locks.tryLock('db')).not.toBeNull()
  })

  test('beside the kit’s own are skipped', async () => {
    const home = temporaryHome()
    const locks = new LockManager({ home })
    const lock = await locks.lock('db')
    for (const directory of ['queues/db', 'claims', 'locks/db.lock', 'floor', 'locks', 'queues']) {
      mkdirSync(join(home, directory), { recursive: true })
      writeFileSync(join(home, directory, '.junk~x~y'), '')
      mkdirSync(join(home, directory, 'p1.t1.s.b.n.m'))
    }
    const turn = locks.lock('db')
    await vi.waitFor(async () => {
      expect((await locks.inspect('db'))?.waiters).toHaveLength(1)
    }, 20_000)
    await lock.release()
    const next = await turn
    expect(next.token).toBe(lock.token + 1n)
    await next.release()
    await locks.cleanStaleLocks()
    expect(namesIn(home, 'claims')).toHaveLength(2)
  })
})

test('many waits in one process cause no leak warning, and end in order', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const warnings: unknown[] = []
  const hear = (warning: Error): number => warnings.push(warning)
  process.on('warning', hear)
  const lock = await locks.lock('db')
  const order: number[] = []
  const turns = Array.from({ length: 24 }, (_, index) =>
    locks.acquire('db', () => order.push(index)),
  )
  await lock.release()
  await Promise.all(turns)
  process.off('warning', hear)
  expect(order).toEqual(Array.from({ length: 24 }, (_, index) => index))
  expect(warnings).toEqual([])
})

test('tokens rise after the clean-up, after a forced release and over a restored backup', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const first = await locks.lock('db')
  await locks.forceRelease('db', first.id)
  await locks.cleanStaleLocks()
  const second = await new LockManager({ home }).lock('db')
  expect(second.token).toBe(first.token + 1n)
  await second.release()
  // An old state and a newer one were copied into the directory.
  const place = join(home, 'locks', 'db.lock')
  writeFileSync(join(place, 'free~7'), '')
  writeFileSync(join(place, `free~${second.token + 100n}`), '')
  rmSync(join(place, `free~${second.token}`))
  const third = await locks.lock('db')
  expect(third.token).toBe(second.token + 101n)
})
