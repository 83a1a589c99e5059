// One peer's server in a separate process: node serve-peer.mjs <peer> <home or socket>.
import process from 'node:process'

const [name = '', place = ''] = process.argv.slice(2)
/** @type {import('./open-peer.mjs').Peer} */
const { serve } = await import(`./peers/${name}.mjs`)
await serve(place)
process.send?.('ready')
// Ends with the benchmark, however the benchmark ends.
process.on('disconnect', () => process.exit())
