import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

const PROGRAM = fileURLToPath(new URL('serve.mjs', import.meta.url))

/**
 * Starts a hub, or a bare server that forwards messages; it ends with this process.
 *
 * @param {'hub' | 'relay'} kind
 * @param {string} secret
 * @returns {Promise<{ url: string, stop: () => void }>}
 */
export async function startServer(kind, secret) {
  const child = spawn(process.execPath, [PROGRAM, kind, temporaryFolder(), secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = () => child.kill()
  process.once('exit', stop)
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  return { url: String(url), stop }
}
