import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { askLivenessSocket } from '../../../src/base/process/ask-liveness-socket.js'
import { LivenessSocket, livenessSocketName } from '../../../src/base/process/liveness-socket.js'
import { ownIdentity } from '../../../src/base/process/process-identity.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

/** Creates a directory with a path too long for a socket. */
function deepDirectory(): string {
  const directory = join(temporaryHome(), 'd'.repeat(120))
  mkdirSync(directory)
  return directory
}

describe.runIf(process.platform === 'linux')('a liveness socket', () => {
  test('accepts while its process exists, whatever the process does', () => {
    const directory = deepDirectory()
    const socket = LivenessSocket.open(directory)
    socket.answerFor(ownIdentity())
    const name = livenessSocketName(ownIdentity())
    expect(readdirSync(directory)).toEqual([name])
    // This thread is blocked while it asks itself.
    expect(askLivenessSocket(directory, name)).toBe('accepted')
    socket.remove()
    expect(readdirSync(directory)).toEqual([])
  })

  test('refuses once its process is dead, while a missing socket proves nothing', async () => {
    const directory = deepDirectory()
    const script = `
import os, signal, socket
os.chdir(${JSON.stringify(directory)})
one = socket.socket(socket.AF_UNIX)
one.bind('p1')
one.listen()
print('listening', flush=True)
signal.pause()`
    const child = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    child.kill('SIGSTOP')
    expect(askLivenessSocket(directory, 'p1')).toBe('accepted')
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await expect.poll(() => askLivenessSocket(directory, 'p1')).toBe('refused')
    expect(askLivenessSocket(directory, 'p2')).toBe('none')
  })
})
