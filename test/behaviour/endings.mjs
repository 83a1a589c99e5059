// The ways in which a command ends, for every framework's host program. Each is an action without arguments.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

class HostError extends Error {
  name = 'HostError'
  code = 'E_HOST'
}

/** Small enough that a pipe takes it in one piece: process.exit loses the rest, with and without a plugin. */
export const MUCH_OUTPUT = 'a line of output\n'.repeat(3_000)

/** Stays until a signal arrives, and says when it is ready. */
const stay = () => {
  console.log('ready')
  return new Promise(() => setInterval(() => undefined, 60_000))
}

/** Whether the file exists that the test creates as a signal. */
const isTold = () => existsSync(process.env.HOST_UNTIL)

export const endings = {
  returns: () => {
    console.log('done')
  },
  resolves: async () => {
    await delay(1)
    console.log('done')
  },
  throws: () => {
    throw new HostError('thrown by the host')
  },
  rejects: async () => {
    await delay(1)
    throw new HostError('rejected by the host')
  },
  'throws in a callback': () => {
    setTimeout(() => {
      throw new HostError('thrown later')
    }, 1)
  },
  'goes on in a callback': () => {
    setTimeout(() => {
      console.log('done')
    }, 30)
  },
  'process.exit()': () => {
    process.exit()
  },
  'process.exit(0) after a wait': async () => {
    await delay(1)
    process.exit(0)
  },
  'process.exit(5)': () => {
    process.exit(5)
  },
  'process.exit(5) after much output': async () => {
    await delay(1)
    process.stdout.write(MUCH_OUTPUT)
    process.exit(5)
  },
  'process.exitCode = 3': () => {
    process.exitCode = 3
  },
  'process.exitCode set by a late exit listener': () => {
    process.on('exit', () => {
      process.exitCode = 4
    })
  },
  'process.exit(5) when told': async () => {
    console.log('ready')
    while (!isTold()) await delay(10)
    process.exit(5)
  },
  'returns when told': async () => {
    console.log('ready')
    while (!isTold()) await delay(10)
  },
  'rejects when told': async () => {
    console.log('ready')
    while (!isTold()) await delay(10)
    throw new HostError('rejected by the host')
  },
  'process.exit(5) when told, in synchronous code': () => {
    console.log('ready')
    const cell = new Int32Array(new SharedArrayBuffer(4))
    while (!isTold()) Atomics.wait(cell, 0, 0, 10)
    process.exit(5)
  },
  'process.exit(5) when told, whatever signal comes': async () => {
    process.on('SIGTERM', () => console.log('asked'))
    await endings['process.exit(5) when told']()
  },
  'ends as HOST_PROGRAM does': () => {
    const { status } = spawnSync('sh', ['-c', process.env.HOST_PROGRAM], { stdio: 'inherit' })
    process.exit(status)
  },
  // SIGTERM takes the program a while, and the host none.
  'waits for a program': () => {
    const script =
      'trap "sleep 0.3; echo ended > $HOST_UNTIL.program; exit" TERM; echo ready; while :; do sleep 0.02; done'
    spawnSync('sh', ['-c', script], { stdio: 'inherit' })
    console.log('goes on')
  },
  SIGINT: stay,
  SIGTERM: stay,
  SIGHUP: stay,
  SIGKILL: stay,
  'SIGTERM with a listener of the host': () => {
    process.once('SIGTERM', () => {
      console.log('host cleans up')
      process.exit(9)
    })
    return stay()
  },
}
