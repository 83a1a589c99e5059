// HTTP/1.1 over a Unix socket with node:http and keep-alive, with as many connections as in-flight requests.
import { Agent, createServer, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** @param {string} place @returns {Promise<void>} */
export function serve(place) {
  const server = createServer(async (incoming, outgoing) => {
    outgoing.setHeader('content-type', 'application/json')
    outgoing.end(JSON.stringify(JSON.parse(await text(incoming))))
  })
  return new Promise((resolve) => server.listen(place, () => resolve()))
}

/** @param {string} place */
export async function connect(place) {
  const agent = new Agent({ keepAlive: true })
  const ask = (/** @type {unknown} */ data) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(data)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const sent = request({ socketPath: place, path: '/echo', method: 'POST', agent, headers })
      sent.on('response', (incoming) => {
        text(incoming).then((answer) => resolve(JSON.parse(answer)), reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return { ask, close: () => agent.destroy() }
}
