import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

import { freePort } from '../harness/free-port.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

const SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/**
 * Starts a private RabbitMQ node that ends with this process. Rejects if RabbitMQ is not installed.
 *
 * @returns {Promise<{ port: number, url: string, pause: () => void, resume: () => void, stop: () => void }>}
 */
export async function startRabbit() {
  const folder = temporaryFolder()
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()]
  mkdirSync(join(folder, 'home'))
  writeFileSync(join(folder, 'plugins'), '[].\n')
  writeFileSync(
    join(folder, 'rabbitmq.conf'),
    `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = false\ndisk_free_limit.absolute = 1MB\n`,
  )
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: join(folder, 'home'),
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `bench-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    // The script becomes the broker itself, so that a signal reaches it.
    detached: '1',
  }
  const children = [
    spawn('epmd', ['-port', String(names)], { stdio: 'ignore', env }),
    spawn(SCRIPT, [], { stdio: 'ignore', env }),
  ]
  const stop = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  process.once('exit', stop)
  await Promise.all(children.map((child) => once(child, 'spawn')))
  while (!(await answers(port))) await delay(50)
  const [, broker] = children
  return {
    port,
    url: `amqp://127.0.0.1:${port}`,
    pause: () => broker?.kill('SIGSTOP'),
    resume: () => broker?.kill('SIGCONT'),
    stop,
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (/** @type {boolean} */ isThere) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.once('data', () => settle(true))
    socket.once('connect', () => socket.write('AMQP\u0000\u0000\u0009\u0001'))
  })
}
