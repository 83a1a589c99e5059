// One reader in a separate process: node transport-reader.mjs <transport> <place>. It answers each message { expect,
// patienceMs } with the milliseconds that the next events took, by the time they were sent.
import process from 'node:process'

const [name = '', place = ''] = process.argv.slice(2)
/** @type {{ openReader: import('./transport.mjs').OpenReader }} */
const { openReader } = await import(`./transports/${name}.mjs`)

/** @type {Record<string, number>} */
let delays = {}
let seen = 0
let expected = Infinity
/** @type {NodeJS.Timeout | undefined} */
let timer

function answer() {
  clearTimeout(timer)
  process.send?.(delays)
  delays = {}
  seen = 0
  expected = Infinity
}

await openReader(place, (at) => {
  delays[at] = Number(process.hrtime.bigint() - BigInt(at)) / 1e6
  seen += 1
  if (seen >= expected) answer()
  else timer?.refresh()
})
process.on(
  'message',
  (/** @type {{ expect: number, patienceMs: number }} */ { expect, patienceMs }) => {
    expected = expect
    timer = setTimeout(answer, patienceMs)
    if (seen >= expected) answer()
  },
)
process.on('disconnect', () => process.exit())
process.send?.('ready')
