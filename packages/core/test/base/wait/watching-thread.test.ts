import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { WatchingThread } from '../../../src/base/wait/watching-thread.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

/** Longer than any test: an earlier wake-up has a cause. */
const FOR_EVER_MS = 2 ** 31 - 1

let failures: unknown[]
let thread: WatchingThread
let folder: string

beforeEach(() => {
  failures = []
  thread = new WatchingThread((error) => failures.push(error))
  folder = mkdtempSync(join(temporaryHome(), 'watched-'))
})

afterEach(() => {
  thread.close()
})

/** Checks and blocks, as a waiter does, until the paths are watched or refused. */
function watchAll(...paths: string[]): boolean {
  const hints = thread.hints
  if (thread.watches(paths.join(), () => paths)) return true
  thread.block(FOR_EVER_MS, hints)
  return thread.watches(paths.join(), () => paths)
}

/** Another process changes a file when this thread is most likely blocked; if it comes earlier, the hint is already there. */
function remove(path: string): void {
  spawn('rm', [path], { stdio: 'ignore' }).unref()
}

function file(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  return path
}

test('a blocked thread wakes when one of the files goes away, and watches it again', () => {
  const [first, second] = [file('first'), file('second')]
  expect(watchAll(first, second)).toBe(true)
  const { hints } = thread
  remove(second)
  thread.block(FOR_EVER_MS, hints)
  expect(thread.hints).not.toBe(hints)
  expect(watchAll(first)).toBe(true)
  const before = thread.hints
  remove(first)
  thread.block(FOR_EVER_MS, before)
  expect(thread.hints).not.toBe(before)
})

test('is not connected to the streams of the process', () => {
  const listeners = (): number[] =>
    [process.stdout, process.stderr].flatMap((stream) => [
      stream.listenerCount('error'),
      stream.listenerCount('unpipe'),
    ])
  const before = listeners()
  expect(watchAll(file('first'))).toBe(true)
  expect(listeners()).toEqual(before)
})

test('a missing file is refused, which also wakes it, and is not retried at each check', () => {
  expect(watchAll(file('there'), join(folder, 'gone'))).toBe(false)
  const { hints } = thread
  expect(thread.watches([join(folder, 'there'), join(folder, 'gone')].join(), () => [])).toBe(false)
  thread.block(50, hints)
  expect(thread.hints).toBe(hints)
  expect(watchAll(join(folder, 'there'))).toBe(true)
})

test('if there can be no second thread, a block ends with its time', () => {
  // What Node reports if it is not permitted.
  const getBuiltinModule = process.getBuiltinModule
  process.getBuiltinModule = () => {
    throw new Error('ERR_ACCESS_DENIED')
  }
  try {
    expect(thread.watches('file', () => [file('file')])).toBe(false)
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
  thread.block(1, thread.hints)
  expect(thread.watches('file', () => [file('file')])).toBe(false)
  expect(failures).toHaveLength(1)
})
