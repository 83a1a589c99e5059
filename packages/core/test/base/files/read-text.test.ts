import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readText } from '../../../src/base/files/read-text.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

const LIMIT = 8 * 1024

test.each([0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 300_000])('reads all %d characters', (length) => {
  const path = join(temporaryHome(), 'file')
  writeFileSync(path, 'x'.repeat(length))
  expect(readText(path)).toBe('x'.repeat(length))
})

test('reads UTF-8, even around the size of its buffer', () => {
  const path = join(temporaryHome(), 'file')
  for (const text of ['ä🔒', 'ä'.repeat(LIMIT / 2), `x${'🔒'.repeat(LIMIT / 4)}`]) {
    writeFileSync(path, text)
    expect(readText(path)).toBe(text)
  }
})

test('reports a missing file as Node does', () => {
  const missing = expect.objectContaining({ code: 'ENOENT', syscall: 'open' }) as Error
  expect(() => readText(join(temporaryHome(), 'none'))).toThrow(missing)
  const directory = expect.objectContaining({ code: 'EISDIR' }) as Error
  expect(() => readText(temporaryHome())).toThrow(directory)
})
