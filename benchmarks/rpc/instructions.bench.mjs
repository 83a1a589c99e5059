import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { canCountInstructions, instructionsIn, counted } from '../harness/count-instructions.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'What a request takes of both processors'

const SERVER = fileURLToPath(new URL('serve-peer.mjs', import.meta.url))
const CLIENT = fileURLToPath(new URL('ask-peer.mjs', import.meta.url))
/** By then V8 has compiled everything that it will compile. */
const WARM = 6000
const COUNTED = 6000
const DATA = { action: 'get-tasks', filter: { done: false, tag: 'release' }, limit: 20 }

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  if (!canCountInstructions()) {
    reporter.couldNotRun('instructions of a round trip', 'valgrind is not installed')
    return
  }
  const folder = temporaryFolder()
  /** @type {Record<string, number>} */
  const found = {}
  for (const peer of ['kit', 'least', 'echo']) {
    reporter.progress(`instructions of ${peer}`)
    const warm = await countBoth(folder, peer, WARM)
    const all = await countBoth(folder, peer, WARM + COUNTED)
    found[peer] = ((all - warm) * 1e6) / COUNTED
  }
  const { kit = NaN, least = NaN, echo = NaN } = found
  reporter.compare({
    what: 'instructions of a sequential round trip, both sides',
    unit: '',
    ours: [kit],
    peer: { name: 'the least JSON protocol with ids', samples: [least] },
    goals: [{ atMost: 1.2 }],
  })
  reporter.compare({
    what: 'to compare: the least JSON protocol with ids',
    unit: '',
    ours: [least],
    peer: { name: 'raw socket echo', samples: [echo] },
  })
  reporter.note(
    `The difference between ${WARM + COUNTED} requests and ${WARM}, each counted in processes of their own with one thread: what a start takes is not in it.`,
  )
}

/**
 * Counts the instructions of a server and its client until that many requests are answered, in millions. @param
 * {string} folder @param {string} peer @param {number} times
 */
async function countBoth(folder, peer, times) {
  const place = join(folder, `${peer}-${times}`)
  const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, 'run') }
  mkdirSync(env.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 })
  const server = start([SERVER, peer, place], env, ['ignore', 'ignore', 'pipe', 'ipc'])
  await once(server.child, 'message')
  const client = start([CLIENT, peer, place, String(times), JSON.stringify(DATA)], env, [
    'ignore',
    'ignore',
    'pipe',
  ])
  const asked = await client.instructions
  server.child.disconnect()
  const answered = await server.instructions
  rmSync(place, { recursive: true, force: true })
  return asked + answered
}

/** @param {readonly string[]} args @param {NodeJS.ProcessEnv} env @param {import('node:child_process').StdioOptions} stdio */
function start(args, env, stdio) {
  const [command = '', ...rest] = counted([process.execPath, ...args])
  const child = spawn(command, rest, { env, stdio })
  return {
    child,
    instructions: text(/** @type {NodeJS.ReadableStream} */ (child.stderr)).then(instructionsIn),
  }
}
