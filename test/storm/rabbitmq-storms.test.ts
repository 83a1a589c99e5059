import { describe } from 'vitest'

import { hasRabbitServer, RabbitServer } from '../engines/rabbitmq-server.js'
import { persistentRestartStorms } from './restart-storms.js'
import type { StormEngine } from './storm-engine.js'

/** What it was told to keep it keeps; there is no other way to start one. */
const rabbit: StormEngine = {
  name: 'RabbitMQ',
  start: async () => {
    const server = await RabbitServer.start()
    return Object.assign(server, { urlAt: (port: number) => `amqp://127.0.0.1:${port}` })
  },
}

describe.runIf(hasRabbitServer())('RabbitMQ', () => {
  persistentRestartStorms(rabbit)
})
