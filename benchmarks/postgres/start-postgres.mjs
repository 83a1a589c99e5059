import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

import { freePort } from '../harness/free-port.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

const DEBIAN = '/usr/lib/postgresql'
const START_MS = 30_000

/**
 * Starts a private PostgreSQL with its defaults, which ends with this process. PostgreSQL does not run as root, so then
 * it runs as the user `postgres`.
 *
 * @returns {Promise<{ url: string, stop: () => void } | undefined>} `undefined` if it is not installed
 */
export async function startPostgres() {
  const bin = programs()
  if (bin === undefined) return undefined
  const folder = temporaryFolder()
  const port = await freePort()
  const user = asUser(folder)
  const data = join(folder, 'data')
  const initdb = [...user, join(bin, 'initdb'), '-D', data, '-U', 'postgres', '--no-sync']
  const [file = '', ...args] = initdb
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: folder })
  if (status !== 0) throw new Error(stderr)
  const address = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
  const command = [...user, join(bin, 'postgres'), '-D', data, '-p', String(port), ...address]
  const [server = '', ...options] = command
  const child = spawn(server, options, { stdio: 'ignore', cwd: folder })
  // Ends immediately, along with its other processes.
  const stop = () => child.kill('SIGQUIT')
  process.once('exit', stop)
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const deadline = performance.now() + START_MS
  while (!(await answers(url))) {
    if (performance.now() > deadline) throw new Error('postgres did not start')
    await delay(50)
  }
  return { url, stop }
}

function programs() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : []
  return versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .findLast((bin) => existsSync(join(bin, 'initdb')))
}

/** @param {string} folder given to that user */
function asUser(folder) {
  if (process.getuid?.() !== 0) return []
  const [uid, gid] = ['-u', '-g'].map((which) =>
    Number(spawnSync('id', [which, 'postgres'], { encoding: 'utf8' }).stdout),
  )
  chownSync(folder, Number(uid), Number(gid))
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups']
}

/** @param {string} url */
async function answers(url) {
  const client = new Client(url)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
