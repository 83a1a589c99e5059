// cli-beta: sends requests to cli-alpha.
import { IPCClient } from '@cli-ops/shared-ipc'

const client = new IPCClient('cli-alpha')
const response = await client.request({ action: 'get-tasks' })
console.log(JSON.stringify(response.tasks))
await client.request(null).catch((error) => console.log(`${error.code}: ${error.message}`))
process.disconnect()
