/**
 * The program of a separate process, started with a socket's path and a lease in milliseconds. It waits while a hub is
 * connected, the first one through its standard input. Once the last hub has gone, however it ended, promises to
 * clients last for one lease more. It tells each hub that connects what is held, and then what changes while the
 * previous hub still answers, and when that hub has gone. Stopping the hub's process group must not stop it.
 */
export const KEEPER_PROGRAM = `
const { createServer } = require('node:net')
const { unlinkSync } = require('node:fs')
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.title = 'cli-ops hub: keeps leases'
const path = process.argv[1]
let leaseMs = Number(process.argv[2])
const isFile = process.platform !== 'win32'
const remove = () => { try { if (isFile) unlinkSync(path) } catch {} }
const held = new Map()
const hubs = new Set()
let ending
const enter = (hub) => {
  hubs.add(hub)
  clearTimeout(ending)
}
const tell = (message, from) => {
  for (const hub of hubs) if (hub !== from && hub.writable) hub.write(JSON.stringify(message) + '\\n')
}
const leave = (hub) => {
  if (!hubs.delete(hub)) return
  tell({ hubs: hubs.size })
  if (hubs.size > 0) return
  clearTimeout(ending)
  ending = setTimeout(() => { remove(); process.exit() }, held.size === 0 ? 0 : leaseMs)
}
const hear = (message, from) => {
  if (message.add || message.remove) tell(message, from)
  if (message.add) held.set(message.add.id, message.add)
  if (message.remove) held.delete(message.remove)
  if (message.leaseMs) leaseMs = Math.max(leaseMs, message.leaseMs)
}
const take = (hub) => {
  enter(hub)
  let text = ''
  hub.setEncoding('utf8')
  hub.on('data', (chunk) => {
    const lines = (text + chunk).split('\\n')
    text = lines.pop()
    for (const line of lines) hear(JSON.parse(line), hub)
  })
  hub.on('error', () => leave(hub)).on('end', () => leave(hub)).on('close', () => leave(hub))
}
// Before that the next hub would not find it. Nobody reads any more than this.
process.stdout.on('error', () => {})
const ready = () => process.stdout.write('\\n')
take(process.stdin)
remove()
createServer((hub) => {
  take(hub)
  hub.write(JSON.stringify({ pid: process.pid, hubs: hubs.size, held: [...held.values()] }) + '\\n')
}).on('error', ready).listen(path, ready)
`
