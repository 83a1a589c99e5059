import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Of one exploration; enough for twenty million states. */
const MAX_HEAP_MB = 9000

/**
 * Explores tasks, as many in parallel as there are processors, and reports each row as soon as it is there.
 *
 * @param {readonly import('./tasks.mjs').Task[]} tasks
 * @param {import('./scenarios/lock-scenarios.ts').Size} size
 * @param {(row: import('./tasks.mjs').Row) => void} onRow
 */
export async function runTasks(tasks, size, onRow) {
  const left = [...tasks]
  const count = Math.min(availableParallelism(), left.length)
  await Promise.all(Array.from({ length: count }, () => runOn(left, size, onRow)))
}

/**
 * @param {import('./tasks.mjs').Task[]} left
 * @param {import('./scenarios/lock-scenarios.ts').Size} size
 * @param {(row: import('./tasks.mjs').Row) => void} onRow
 */
async function runOn(left, size, onRow) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData: { size },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  })
  try {
    for (let task = left.shift(); task !== undefined; task = left.shift())
      onRow(await ask(worker, task))
  } finally {
    await worker.terminate()
  }
}

/** @param {Worker} worker @param {import('./tasks.mjs').Task} task @returns {Promise<import('./tasks.mjs').Row>} */
function ask(worker, task) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', ({ row, error }) => {
      worker.off('error', reject)
      if (error === undefined) resolve(row)
      else reject(new Error(`${task.variant}, ${task.scenario}: ${error}`, { cause: error }))
    })
    worker.postMessage(task)
  })
}
