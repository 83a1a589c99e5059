import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

import { freePort } from '../harness/free-port.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

/**
 * Starts a private Redis server without persistence, which ends with this process. Rejects if Redis is not installed.
 *
 * @returns {Promise<{ port: number, url: string, pause: () => void, resume: () => void, stop: () => void }>}
 */
export async function startRedis() {
  const port = await freePort()
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', temporaryFolder()],
    { stdio: 'ignore' },
  )
  const stop = () => child.kill('SIGKILL')
  process.once('exit', stop)
  await once(child, 'spawn')
  while (!(await answers(port))) await delay(10)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop,
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
