import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePort } from './free-port.mjs'

const START_MS = 10_000

/**
 * Starts another project's server for this run only: on a free port of 127.0.0.1, with its data in `folder`. It ends
 * with this process.
 *
 * @param {'redis-server' | 'nats-server'} program
 * @param {string} folder
 * @returns {Promise<string | undefined>} its port; `undefined` if the program is not installed
 */
export async function startOwnServer(program, folder) {
  const port = String(await freePort())
  // Both use their defaults, except that Redis stores nothing on disk, which is its fastest mode.
  const options = {
    'redis-server': ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    'nats-server': ['-a', '127.0.0.1', '-p', port, '-js', '-sd', folder],
  }
  const server = spawn(program, options[program], { stdio: 'ignore' })
  process.on('exit', () => server.kill('SIGKILL'))
  // It must not keep this process from ending.
  server.unref()
  try {
    await once(server, 'spawn')
  } catch {
    return undefined
  }
  const deadline = performance.now() + START_MS
  while (!(await answers(port))) {
    if (server.exitCode !== null || performance.now() > deadline)
      throw new Error(`${program} did not start`)
    await sleep(20)
  }
  return port
}

/** @param {string} port */
async function answers(port) {
  const socket = connect(Number(port), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
