import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { IPCClient } from '@cli-ops/shared-ipc'
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'

const SERVERS = fileURLToPath(new URL('fixtures/servers.mjs', import.meta.url))

/** Starts one of the servers of fixtures/servers.mjs. @param {string} kind @param {string} place */
export async function startServer(kind, place) {
  const child = fork(SERVERS, [kind, place])
  process.on('exit', () => child.kill('SIGKILL'))
  await once(child, 'message')
  // Servers end with this process, and must not keep it from ending.
  child.unref()
  child.channel?.unref()
}

/**
 * The same request over three transports, each to a server in another process: the kit, vscode-jsonrpc, and bytes that
 * are echoed as they are, which is what the socket itself costs.
 *
 * @param {string} folder
 * @returns {Promise<Record<'kit' | 'vscode' | 'echo', (data: unknown) => Promise<unknown>> & { close(): void }>}
 */
export async function startPeers(folder) {
  process.env['XDG_RUNTIME_DIR'] = folder
  const home = join(folder, 'home')
  await startServer('kit', home)
  await startServer('vscode', join(folder, 'vscode.sock'))
  await startServer('echo', join(folder, 'echo.sock'))
  const client = new IPCClient('bench', { home })
  const vscode = await connectVscode(join(folder, 'vscode.sock'))
  const echo = await connectEcho(join(folder, 'echo.sock'))
  return {
    kit: (data) => client.call('echo', data),
    vscode: (data) => vscode.connection.sendRequest('echo', data),
    echo: echo.ask,
    close() {
      vscode.socket.destroy()
      echo.socket.destroy()
    },
  }
}

/** @param {string} path */
async function connectVscode(path) {
  const socket = connect(path)
  await once(socket, 'connect')
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  )
  connection.listen()
  return { connection, socket }
}

/** One message at a time: the echo has no ids. @param {string} path */
async function connectEcho(path) {
  const socket = connect(path)
  await once(socket, 'connect')
  /** @type {(() => void) | undefined} */
  let answered
  let missing = 0
  socket.on('data', (chunk) => {
    missing -= chunk.length
    if (missing === 0) answered?.()
  })
  const ask = (/** @type {unknown} */ data) => {
    const text = `${JSON.stringify(data)}\n`
    missing = Buffer.byteLength(text)
    return new Promise((resolve) => {
      answered = () => resolve(undefined)
      socket.write(text)
    })
  }
  return { ask, socket }
}
