import { parentPort, workerData } from 'node:worker_threads'
import { exploreTask } from './explore-task.mjs'

parentPort?.on('message', async (task) => {
  try {
    parentPort?.postMessage({ row: await exploreTask(task, workerData.size) })
  } catch (error) {
    parentPort?.postMessage({ error })
  }
})
