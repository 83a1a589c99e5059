// NATS with its own client. `place` is a port of 127.0.0.1.
import { connect } from '@nats-io/transport-node'

const SUBJECT = 'bench.paced'

/** @type {import('../transport.mjs').OpenSender} */
export async function openSender(place) {
  const connection = await connect({ servers: `127.0.0.1:${place}` })
  return {
    send: (at) => connection.publish(SUBJECT, JSON.stringify({ at })),
    close: () => connection.close(),
  }
}

/** @type {import('../transport.mjs').OpenReader} */
export async function openReader(place, onEvent) {
  const connection = await connect({ servers: `127.0.0.1:${place}` })
  connection.subscribe(SUBJECT, {
    callback: (error, message) => {
      if (error === null) onEvent(message.json().at)
    },
  })
  await connection.flush()
}
