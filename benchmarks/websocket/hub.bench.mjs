import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import process from 'node:process'
import { createCoordinator, EventBus } from '@cli-ops/shared-ipc'
import { WebSocket } from 'ws'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startServer } from './start-server.mjs'

export const title = 'A hub, beside a bare WebSocket server that passes the same messages on'

const BURST = 1_000

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const secret = randomUUID()
  process.env['CLI_OPS_TOKEN'] = secret
  const [hub, echo, relay] = [
    await startServer('hub', secret),
    await startServer('relay', ''),
    await startServer('relay', ''),
  ]
  const options = { url: hub.url, home: temporaryFolder() }
  const one = createCoordinator({ name: 'one', ...options })
  const writer = new EventBus({ ...options, rateLimit: false })
  const other = createCoordinator({ name: 'other', ...options })
  const alone = await connectTo(echo.url)
  const [left, right] = [await connectTo(relay.url), await connectTo(relay.url)]
  const data = { id: '1', title: 'Write' }
  const text = JSON.stringify(data)

  /** @param {WebSocket} socket @param {WebSocket} listener */
  const pass = async (socket, listener) => {
    const heard = once(listener, 'message')
    socket.send(text)
    await heard
  }

  const locks = await interleave(
    {
      ours: () =>
        timed(async () => {
          const lock = await one.locks.lock('cycle')
          await lock.release()
        }),
      theirs: () =>
        timed(async () => {
          await pass(alone, alone)
          await pass(alone, alone)
        }),
    },
    { rounds: reporter.times(500), warmUp: 20 },
  )
  reporter.compare({
    what: 'acquire and release, free lock: files, owner and token included',
    unit: 'ms',
    ours: locks.ours,
    peer: { name: 'two echoes', samples: locks.theirs },
  })

  let heard = () => {}
  const subscription = other.events.on('bench:event', () => heard())
  await subscription.ready
  const events = await interleave(
    {
      ours: () =>
        timed(async () => {
          const arrived = new Promise((resolve) => {
            heard = () => resolve(undefined)
          })
          void writer.emit('bench:event', data)
          await arrived
        }),
      theirs: () => timed(() => pass(left, right)),
    },
    { rounds: reporter.times(500), warmUp: 20 },
  )
  reporter.compare({
    what: 'emit → handler of another client: kept, with a cursor',
    unit: 'ms',
    ours: events.ours,
    peer: { name: 'passed on, kept nowhere', samples: events.theirs },
  })

  const server = other.serve()
  server.handle('echo', (value) => value)
  await server.ready
  const client = one.connect('other')
  right.on('message', (message) => {
    right.send(String(message))
  })
  const ask = () => pass(left, left)
  const requests = await interleave(
    {
      ours: () => timed(() => client.call('echo', data)),
      theirs: () => timed(ask),
    },
    { rounds: reporter.times(500), warmUp: 20 },
  )
  reporter.compare({
    what: 'request of a client to a service of another client, and its answer',
    unit: 'ms',
    ours: requests.ours,
    peer: { name: 'passed on and back', samples: requests.theirs },
  })
  const bursts = await interleave(
    {
      ours: () => rate(() => client.call('echo', data)),
      theirs: () =>
        new Promise((resolve) => {
          const began = performance.now()
          let rest = BURST
          const count = () => {
            rest -= 1
            if (rest > 0) return
            left.off('message', count)
            resolve(BURST / ((performance.now() - began) / 1000))
          }
          left.on('message', count)
          for (let sent = 0; sent < BURST; sent += 1) left.send(text)
        }),
    },
    { rounds: reporter.times(20), warmUp: 2 },
  )
  reporter.compare({
    what: `${BURST} such requests at once`,
    unit: 'requests/s',
    ours: bursts.ours,
    peer: { name: 'passed on and back', samples: bursts.theirs },
  })

  await Promise.all([one.close(), writer.close(), other.close()])
  for (const socket of [alone, left, right]) socket.terminate()
  for (const started of [hub, echo, relay]) started.stop()
}

/** @param {string} url */
async function connectTo(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** @param {() => Promise<unknown>} call */
async function rate(call) {
  const began = performance.now()
  await Promise.all(Array.from({ length: BURST }, call))
  return BURST / ((performance.now() - began) / 1000)
}
