import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type * as SwapName from '../../../../src/drivers/local/locks/swap-name.js'
import { type FileSystem, nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

const { platform } = process

function pretend(value: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value })
}

afterEach(() => {
  pretend(platform)
  vi.resetModules()
})

let directory: string
beforeEach(() => {
  directory = temporaryHome()
  writeFileSync(join(directory, 'held'), '')
})

async function loadOn(value: NodeJS.Platform): Promise<typeof SwapName> {
  vi.resetModules()
  pretend(value)
  return import('../../../../src/drivers/local/locks/swap-name.js')
}

/** A file system that refuses the first renames, as it does while a virus scanner has the file open. */
function refusing(code: string, times: number): { fileSystem: FileSystem; attempts: () => number } {
  let attempts = 0
  const rename = (from: string, to: string): void => {
    attempts += 1
    if (attempts <= times) throw Object.assign(new Error(code), { code })
    renameSync(from, to)
  }
  return { fileSystem: { ...nodeFileSystem, rename }, attempts: () => attempts }
}

describe('on Windows, where an open file cannot be renamed', () => {
  test.each(['EPERM', 'EACCES', 'EBUSY'])('%s costs a contender only its turn', async (code) => {
    const { swapName } = await loadOn('win32')
    const { fileSystem } = refusing(code, 1)
    expect(swapName(fileSystem, directory, 'held', 'free')).toBe(false)
    expect(readdirSync(directory)).toEqual(['held'])
    expect(swapName(fileSystem, directory, 'held', 'free')).toBe(true)
  })

  test('an owner keeps trying', async () => {
    const { swapNamePatiently } = await loadOn('win32')
    const { fileSystem, attempts } = refusing('EPERM', 3)
    expect(swapNamePatiently(fileSystem, directory, 'held', 'free')).toBe(true)
    expect(attempts()).toBe(4)
    expect(readdirSync(directory)).toEqual(['free'])
  })

  test('an owner finally gives up, with the reason', async () => {
    const { swapNamePatiently } = await loadOn('win32')
    const { fileSystem } = refusing('EPERM', Infinity)
    expect(() => swapNamePatiently(fileSystem, directory, 'held', 'free')).toThrow('EPERM')
  })
})

describe('elsewhere', () => {
  test('the same error is an error', async () => {
    const { swapName, swapNamePatiently } = await loadOn('linux')
    for (const swap of [swapName, swapNamePatiently])
      expect(() => swap(refusing('EPERM', 1).fileSystem, directory, 'held', 'free')).toThrow(
        'EPERM',
      )
  })

  test('a directory that has become a file counts as a name that is gone', async () => {
    const { swapName, swapNamePatiently } = await loadOn('linux')
    const file = join(directory, 'held')
    expect(swapName(nodeFileSystem, file, 'held', 'free')).toBe(false)
    expect(swapNamePatiently(nodeFileSystem, file, 'held', 'free')).toBe(false)
  })
})
