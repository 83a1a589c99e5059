/** The thread that leaves a command's traces on an engine behind the network. It ends with the process. */
import { workerData } from 'node:worker_threads'

import { openDriver } from '../drivers/open-driver.js'
import { DEFAULT_RETENTION } from '../events/default-retention.js'
import type { StoredEvent } from '../events/event-types.js'
import { ownProcess } from '../process/own-process.js'
import type { RemoteOrder, RemoteReport, RemoteStart } from './remote-order.js'

const { connection, owner, port, done } = workerData as RemoteStart
// One instance, whichever of its threads speaks.
Object.assign(ownProcess(), owner)
const registry = openDriver(connection, 'registry')
const events = openDriver(connection, 'events')
const waiting: RemoteOrder[] = []
let isWorking = false
/** Under which name the instance is registered. */
let registered: string | undefined

port.on('message', (order: RemoteOrder) => {
  waiting.push(order)
  void work()
})

async function work(): Promise<void> {
  if (isWorking) return
  isWorking = true
  try {
    for (let order = waiting[0]; order !== undefined; order = waiting[0]) await carryOut(order)
  } catch (error) {
    // The host goes on without; trying again at each event would only make its end wait.
    const report: RemoteReport = { failure: error instanceof Error ? error.message : String(error) }
    port.postMessage(report)
    settle()
    return
  }
  isWorking = false
}

async function carryOut(order: RemoteOrder): Promise<void> {
  switch (order.kind) {
    case 'register':
      waiting.shift()
      await register(order)
      return
    case 'append': {
      const jsons: string[] = []
      // What has come in the meantime goes together.
      while (waiting[0]?.kind === 'append') {
        jsons.push(waiting[0].json)
        waiting.shift()
      }
      const driver = events.now ?? (await events.open())
      const records = jsons.map((json) => ({ json, event: JSON.parse(json) as StoredEvent }))
      await driver.events.append(records, { retention: DEFAULT_RETENTION, durable: false })
      return
    }
    default:
      waiting.shift()
      if (registered !== undefined)
        await registry.now?.registry.unregister(registered, owner.instance)
      settle()
  }
}

/** A server of the main thread may have announced its endpoint under the same name already. */
async function register({ name, version }: RemoteOrder & { kind: 'register' }): Promise<void> {
  const { instance, startedAt } = owner
  const { registry: driver } = await registry.open()
  const record = { name, instance, pid: process.pid, version, metadata: {} }
  await driver.register({ ...record, startedAt: startedAt.getTime() }, { ifAbsent: true })
  registered = name
}

function settle(): void {
  Atomics.store(done, 0, 1)
  Atomics.notify(done, 0)
}
