// What a command is doing when a signal arrives. `before` is what the program does before it parses.
import { spawnSync } from 'node:child_process'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const stay = async () => {
  console.log('ready')
  await sleep(60_000)
  console.log('went on')
}
/** Adds the listener for the signals that a person or a service manager sends. */
const once = (listener) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, listener)
}

export const waysToStay = {
  'in spawnSync()': {
    run() {
      // The child ignores Ctrl-C: the kernel could end it a moment before this process, which would continue for that
      // moment.
      const child = 'trap "" INT; echo ready >&3; exec 3>&-; sleep 10'
      spawnSync('sh', ['-c', child], { stdio: ['ignore', 'ignore', 'ignore', 1] })
      console.log('went on')
    },
  },
  'in a loop': {
    run() {
      console.log('ready')
      const end = Date.now() + 10_000
      while (Date.now() < end);
      console.log('went on')
    },
  },
  'in a wait': { run: stay },
  'with a listener that cleans up': {
    before() {
      once(async (signal) => {
        console.log('cleaning up', signal)
        await sleep(60)
        console.log('cleaned up')
        process.exit(130)
      })
    },
    run: stay,
  },
  'with a listener that exits at once': {
    before() {
      once((signal) => {
        console.log('cleaned up', signal)
        process.exit(130)
      })
    },
    run: stay,
  },
  'with signal-exit 3': {
    async before() {
      const { default: onExit } = await import('signal-exit-3')
      onExit((code, signal) => console.log('exit', code, signal))
    },
    run: stay,
  },
  'with signal-exit 4': {
    async before() {
      const { onExit } = await import('signal-exit-4')
      onExit((code, signal) => console.log('exit', code, signal))
    },
    run: stay,
  },
}
