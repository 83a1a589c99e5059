// cli-alpha: emits an event when a task was created.
import { EventBus } from '@cli-ops/shared-ipc'

const newTask = { id: '7', title: process.argv[2] }

const bus = new EventBus()

await bus.emit('task:created', {
  id: newTask.id,
  title: newTask.title,
  cli: 'alpha',
})
process.disconnect()
