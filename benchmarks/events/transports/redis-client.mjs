// Redis pub/sub with node-redis, the client of the Redis project. `place` is a port of 127.0.0.1.
import { createClient } from '@redis/client'

const CHANNEL = 'bench:paced'

/** @type {import('../transport.mjs').OpenSender} */
export async function openSender(place) {
  const client = await createClient({ url: `redis://127.0.0.1:${place}` }).connect()
  return {
    send: (at) => void client.publish(CHANNEL, JSON.stringify({ at })),
    close: async () => client.destroy(),
  }
}

/** @type {import('../transport.mjs').OpenReader} */
export async function openReader(place, onEvent) {
  const client = await createClient({ url: `redis://127.0.0.1:${place}` }).connect()
  await client.subscribe(CHANNEL, (message) => onEvent(JSON.parse(message).at))
}
