import { describe } from 'vitest'

import { hasRabbitServer, RabbitServer } from '../engines/rabbitmq-server.js'
import { persistentRestartStorms } from './restart-storms.js'
import type { StormEngine } from './storm-engine.js'

/** It always keeps what it is told to keep; it cannot be started otherwise. */
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
