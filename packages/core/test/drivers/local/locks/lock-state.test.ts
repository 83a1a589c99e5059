import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { LockDriver, LockGrant } from '../../../../src/locks/contract/lock-driver.js'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import type { LockMode } from '../../../../src/locks/contract/lock-types.js'
import { formatIdentity, ownIdentity } from '../../../../src/base/process/process-identity.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

const HOUR_MS = 3_600_000
const ALIVE = formatIdentity(ownIdentity())
/** Far above any pid that Linux assigns. */
const DEAD = formatIdentity({ ...ownIdentity(), pid: 99_999_999, tid: 99_999_999, start: '1' })

/** Returns a new driver, without remembered state, whose clock is wrong by that much. */
function locksIn(root: string, offsetMs = 0): LockDriver {
  return createLocalLocks(new Home(root, '', nodeFileSystem), surroundingsAt(offsetMs))
}

let ids = 0
function take(locks: LockDriver, mode: LockMode = 'exclusive'): LockGrant | null {
  ids += 1
  return locks.tryAcquireSync!({ resource: 'db', mode, id: `id-${ids}`, held: [] })
}

function stage(root: string, ...names: string[]): void {
  const place = join(root, 'locks', 'db.lock')
  mkdirSync(place, { recursive: true })
  for (const name of names) writeFileSync(join(place, name), '')
}

describe('several states in one directory', () => {
  test.each([
    ['the highest token counts', ['free~3', `held~9~a~${DEAD}`], 10n],
    [
      'of a dead holder and a free lock with one token either will do',
      ['free~9', `held~9~a~${DEAD}`],
      10n,
    ],
    [
      'a sharer counts beside a shared state alone',
      ['free~9', 'shared~7', `sharer~b~${ALIVE}`],
      10n,
    ],
    [
      'a live holder keeps the lock, whatever its token',
      ['free~9', `held~3~a~${ALIVE}`],
      undefined,
    ],
    [
      'a live sharer keeps the lock from others',
      ['free~6', 'shared~7', `sharer~b~${ALIVE}`],
      undefined,
    ],
  ])('%s', (_rule, names, token) => {
    const root = temporaryHome()
    stage(root, ...names)
    expect(take(locksIn(root))?.token).toBe(token)
  })
})

test('does not mistake what a former holder wrote into the file for the holder’s data', async () => {
  const root = temporaryHome()
  const grant = take(locksIn(root))!
  const [state] = namesIn(root, 'locks', 'db.lock')
  const path = join(root, 'locks', 'db.lock', state!)
  const written = readFileSync(path, 'utf8')
  writeFileSync(path, written.replace(grant.id, 'another').replace(/"name":"[^"]+"/u, '"name":"x"'))
  expect((await locksIn(root).inspect('db'))?.owner.name).toBe('unknown program')
  writeFileSync(path, `${written}left from a longer line\n`)
  expect((await locksIn(root).inspect('db'))?.owner.name).not.toBe('unknown program')
})

describe('the directory of an idle lock', () => {
  test.each(['exclusive', 'shared'] as const)(
    'is removed after an hour, and its tokens continue although the clock was set back: %s',
    async (mode) => {
      const root = temporaryHome()
      const grant = take(locksIn(root), mode)!
      await locksIn(root, 2 * HOUR_MS).clean()
      expect(grant.isHeld()).toBe(true)
      grant.releaseSync!()
      await locksIn(root, HOUR_MS / 2).clean()
      expect(namesIn(root, 'locks')).toEqual(['db.lock'])
      await locksIn(root, 2 * HOUR_MS).clean()
      expect(namesIn(root, 'locks')).toEqual([])
      const next = take(locksIn(root, -24 * HOUR_MS))!
      expect(next.token).toBe(grant.token + 1n)
      next.releaseSync!()
      await locksIn(root, 2 * HOUR_MS).clean()
      expect(namesIn(root, 'floor')).toEqual([String(next.token)])
    },
  )

  test('that died while it was held is removed as well, and reported', async () => {
    const root = temporaryHome()
    stage(root, `held~7~a~${DEAD}`)
    const freed = await locksIn(root, 2 * HOUR_MS).clean()
    expect(freed.map(({ id, token }) => [id, token])).toEqual([['a', 7n]])
    expect(namesIn(root, 'floor')).toEqual(['7'])
  })

  test('stays if something else is in it', async () => {
    const root = temporaryHome()
    stage(root, 'free~7', 'notes.txt')
    await locksIn(root, 2 * HOUR_MS).clean()
    expect(namesIn(root, 'locks', 'db.lock')).toEqual(['free~7', 'notes.txt'])
  })

  test('that was half removed is finished by the next process', () => {
    const root = temporaryHome()
    stage(root, `sharer~a~${DEAD}`)
    for (const mode of ['shared', 'exclusive'] as const) take(locksIn(root), mode)!.releaseSync!()
    rmSync(join(root, 'locks', 'db.lock'), { recursive: true })
    stage(root, `sharer~a~${ALIVE}`)
    expect(take(locksIn(root))).toBeNull()
  })
})

test.each([1, -1])('the highest of several floors counts, in whatever order (%i)', (order) => {
  const root = temporaryHome()
  const far = 10n ** 29n
  mkdirSync(join(root, 'floor'))
  for (const floor of [far - 1n, far - 2n, far]) stageFloor(root, floor)
  const listIfThere = (path: string): string[] | undefined => {
    const names = nodeFileSystem.listIfThere(path)?.sort()
    return order === 1 ? names : names?.reverse()
  }
  const home = new Home(root, '', { ...nodeFileSystem, listIfThere })
  expect(take(createLocalLocks(home, surroundingsAt(0)))?.token).toBe(far + 1n)
})

function stageFloor(root: string, floor: bigint): void {
  writeFileSync(join(root, 'floor', String(floor)), '')
}

test('refuses an id that cannot be part of a name before creating anything', () => {
  const root = temporaryHome()
  for (const id of ['a b', '../a', '', 'a'.repeat(65)]) {
    const request = { resource: 'db', mode: 'exclusive', id, held: [] } as const
    expect(() => locksIn(root).tryAcquireSync!(request)).toThrow(/^id must be 1 to 64 letters/u)
  }
  expect(namesIn(root)).toEqual([])
})
