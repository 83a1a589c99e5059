// cli-alpha: answers requests.
import { IPCServer } from '@cli-ops/shared-ipc'

const loadTasks = async () => [{ id: '1', title: 'Write' }]
const isValidRequest = (data) => typeof data?.action === 'string'

const server = new IPCServer('cli-alpha')
server.on('request', async (data) => {
  if (!isValidRequest(data)) {
    throw new Error('Invalid request')
  }
  if (data.action === 'get-tasks') {
    return { tasks: await loadTasks() }
  }
})
await server.ready
process.send(server.endpoint)
