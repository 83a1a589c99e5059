// cli-beta: reacts to what other CLIs emit.
import { EventBus } from '@cli-ops/shared-ipc'

const bus = new EventBus()

bus.on('task:created', (task) => {
  console.log(`📌 New task: ${task.title}`)
})
process.send('listening')
