// Serves under that many names in one process, and says so: many-servers.mjs <home> <first> <count>
import { IPCServer } from '@cli-ops/shared-ipc'

const [home, first = '0', count = '1'] = process.argv.slice(2)
const servers = Array.from({ length: Number(count) }, (_, index) => {
  const server = new IPCServer(`server-${Number(first) + index}`, { home })
  server.handle('pid', () => process.pid)
  return server
})
await Promise.all(servers.map(({ ready }) => ready))
console.log('ready')
setInterval(() => undefined, 2 ** 30)
