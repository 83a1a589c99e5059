import { describe } from 'vitest'

import { hasRedisServer, RedisServer } from '../engines/redis-server.js'
import { historyStorms } from './history-storms.js'
import { leaseStorms } from './lease-storms.js'
import { forgetfulRestartStorms, persistentRestartStorms } from './restart-storms.js'
import { settleStorms } from './settle-storms.js'
import type { StormEngine } from './storm-engine.js'

const redis: StormEngine = {
  name: 'Redis',
  start: async (isPersistent) => {
    const server = await RedisServer.start({ isPersistent })
    return Object.assign(server, { urlAt: (port: number) => `redis://127.0.0.1:${port}` })
  },
}

describe.runIf(hasRedisServer())('Redis', () => {
  leaseStorms(redis)
  settleStorms(redis)
  historyStorms(redis)
  persistentRestartStorms(redis)
  forgetfulRestartStorms(redis)
})
