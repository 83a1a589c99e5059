import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { nodeFileSystem } from '../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../src/drivers/local/home/home.js'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'cli-ops-'))
})
afterEach(() => {
  rmSync(base, { recursive: true })
})

function use(root: string): Home {
  const home = new Home(root, '', nodeFileSystem)
  home.inDirectory(home.paths.locks, () => {
    nodeFileSystem.createFile(join(home.paths.locks, 'x'), '')
  })
  return home
}

const root = process.getuid?.() === 0

describe('a home', () => {
  test('is created with its missing parents, private to this user', () => {
    const path = join(base, 'share', 'cli-ops')
    use(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'locks')).mode & 0o777).toBe(0o700)
  })

  test('is private whatever the umask', () => {
    const umask = process.umask(0)
    try {
      use(join(base, 'home'))
    } finally {
      process.umask(umask)
    }
    expect(statSync(join(base, 'home')).mode & 0o777).toBe(0o700)
  })

  test('is recreated if it was removed in between', () => {
    const path = join(base, 'home')
    const home = use(path)
    rmSync(path, { recursive: true })
    home.inDirectory(home.paths.locks, () => {
      nodeFileSystem.createFile(join(home.paths.locks, 'x'), '')
    })
    expect(existsSync(join(path, 'locks', 'x'))).toBe(true)
  })

  test.each([0o755, 0o770, 0o701])('with mode %o is refused and left unchanged', (mode) => {
    chmodSync(base, mode)
    expect(() => use(base)).toThrow(expect.objectContaining({ code: 'INSECURE_DIRECTORY' }))
    expect(() => use(base)).toThrow(`its mode is ${mode.toString(8)}`)
    expect(statSync(base).mode & 0o777).toBe(mode)
    expect(existsSync(join(base, 'locks'))).toBe(false)
  })

  test('that is for everybody is refused without the advice to take it from them', () => {
    chmodSync(base, 0o1777)
    expect(() => use(base)).toThrow(
      'its mode is 777, so other users can access it; set CLI_OPS_HOME to a directory of your own',
    )
  })

  test.runIf(root)('of another user is refused, even by root', () => {
    chownSync(base, 12345, 12345)
    expect(() => use(base)).toThrow('it belongs to uid 12345, not to you')
    chownSync(base, 0, 0)
  })

  test('that is a symbolic link is refused', () => {
    mkdirSync(join(base, 'real'), { mode: 0o700 })
    symlinkSync(join(base, 'real'), join(base, 'link'))
    expect(() => use(join(base, 'link'))).toThrow('it is a symbolic link')
  })

  test('that is a file cannot be used', () => {
    writeFileSync(join(base, 'file'), '')
    expect(() => use(join(base, 'file'))).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED' }),
    )
    expect(() => use(join(base, 'file', 'below'))).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED' }),
    )
  })

  test.runIf(root && process.platform === 'linux')(
    'on a read-only or full file system says so',
    () => {
      const mount = join(base, 'mount')
      mkdirSync(mount)
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=0700', 'tmpfs', mount], {
          stdio: 'ignore',
        })
      } catch {
        return // Mounting is not allowed here.
      }
      try {
        const home = use(mount)
        const fill = (first: number) => () => {
          for (let n = first; n < first + 100; n += 1) {
            home.inDirectory(home.paths.locks, () => {
              nodeFileSystem.createFile(join(home.paths.locks, `f${n}`), 'x'.repeat(4096))
            })
          }
        }
        expect(fill(0)).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }))
        expect(fill(100)).toThrow('the disk is full')
        execFileSync('mount', ['-o', 'remount,ro', mount])
        expect(fill(200)).toThrow('read-only')
      } finally {
        execFileSync('umount', [mount])
      }
    },
  )

  test('gives the clean-up to one caller within the interval', () => {
    const home = new Home(join(base, 'home'), '', nodeFileSystem)
    expect([home.claimCleanup(60_000), home.claimCleanup(60_000), home.claimCleanup(0)]).toEqual([
      true,
      false,
      true,
    ])
  })

  test('keeps namespaces apart', () => {
    const paths = ['', 'a', 'A', '../x'].map(
      (namespace) => new Home(base, namespace, nodeFileSystem).paths.locks,
    )
    expect(new Set(paths).size).toBe(4)
    for (const path of paths) expect(path.startsWith(base)).toBe(true)
  })
})

test('recognises a network file system by its type', () => {
  const nfs = { ...nodeFileSystem, fileSystemType: () => 0x6969 }
  expect(new Home(base, '', nfs).isLocal).toBe(false)
  expect(new Home(base, '', nodeFileSystem).isLocal).toBe(true)
})
