import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import {
  assertPrivateEndpoint,
  DeadSockets,
  isLocalEndpoint,
  newSocketPath,
} from '../../../../src/drivers/local/rpc/socket-path.js'
import { namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

const { platform } = process
const INSTANCE = '0123456789ab'

function pretend(value: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value })
}
afterEach(() => {
  pretend(platform)
})

test('on Windows a server listens on a pipe, which is in no directory and leaves nothing behind', () => {
  const home = new Home(temporaryHome(), '', nodeFileSystem)
  const left = join(home.root, `${INSTANCE}-00000000.sock`)
  writeFileSync(left, '')
  pretend('win32')
  const pipe = newSocketPath(INSTANCE, home)
  expect(pipe).toMatch(/^\\\\[.?]\\pipe\\.*0123456789ab-[\w-]{8}$/u)
  expect(newSocketPath(INSTANCE, home)).not.toBe(pipe)
  expect(isLocalEndpoint(pipe)).toBe(true)
  expect(() => assertPrivateEndpoint(pipe, nodeFileSystem)).not.toThrow()
  expect(() => assertPrivateEndpoint(join('/nowhere', 'x.sock'), nodeFileSystem)).toThrow()
  new DeadSockets(home).remove(INSTANCE, left)
  expect(namesIn(home.root)).toContain(`${INSTANCE}-00000000.sock`)
})

test('elsewhere a pipe is not a private endpoint, and a dead instance’s socket is removed', () => {
  const home = new Home(temporaryHome(), '', nodeFileSystem)
  const left = join(home.root, `${INSTANCE}-00000000.sock`)
  writeFileSync(left, '')
  expect(isLocalEndpoint('https://example.org')).toBe(false)
  new DeadSockets(home).remove(INSTANCE, left)
  expect(namesIn(home.root)).toEqual([])
})
