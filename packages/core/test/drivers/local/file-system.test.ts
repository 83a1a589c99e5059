import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

import { nodeFileSystem } from '../../../src/drivers/local/home/file-system.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

describe('a file that is removed while it is open', () => {
  test('is gone, and can still be read by those who have it open', () => {
    const directory = temporaryHome()
    const path = join(directory, 'a')
    writeFileSync(path, 'text')
    const descriptor = openSync(path, 'r')
    onTestFinished(() => {
      closeSync(descriptor)
    })
    unlinkSync(path)
    expect(nodeFileSystem.openStatus(descriptor)).toEqual({ size: 4, links: 0 })
    expect(nodeFileSystem.status(path)).toBeUndefined()
    expect(nodeFileSystem.openRead(path)).toBeUndefined()
    expect(nodeFileSystem.openAppend(path)).toBeUndefined()
    expect(nodeFileSystem.readFile(path)).toBeUndefined()
    expect(nodeFileSystem.overwrite(path, 'x')).toBe(false)
    expect(nodeFileSystem.unlink(path)).toBe(false)
  })
})
