// A client in a separate process: node ask-peer.mjs <peer> <home or socket> <times> <data as JSON>.
import process from 'node:process'

const [name = '', place = '', times = '', data = ''] = process.argv.slice(2)
/** @type {import('./open-peer.mjs').Peer} */
const { connect } = await import(`./peers/${name}.mjs`)
const { ask, close } = await connect(place)
const asked = JSON.parse(data)
for (let count = 0; count < Number(times); count += 1) await ask(asked)
close()
