import type { Worker } from 'node:worker_threads'

import { fs } from '../builtins.js'
import { socketPath } from './liveness-socket.js'

/** The kernel's answer about a socket. Only `refused` proves that no process has it open. */
export type SocketAnswer = 'accepted' | 'refused' | 'none'

/** A live process is not checked again within this time, so that a waiter does not wake it a hundred times a second. */
const ASK_AGAIN_MS = 250
/** Far longer than a thread needs to start on a busy machine. */
const PATIENCE_MS = 5000
const MAX_REMEMBERED = 1000

const ANSWERS: readonly SocketAnswer[] = ['none', 'accepted', 'refused']

/**
 * A thread makes the connections, since callers here cannot await them. If a busy process's backlog is full, the kernel returns
 * EAGAIN.
 */
const THREAD = `
const { parentPort } = require('node:worker_threads')
const { connect } = require('node:net')
parentPort.on('message', ({ path, answer }) => {
  const settle = (value) => {
    socket.destroy()
    Atomics.store(answer, 0, value)
    Atomics.notify(answer, 0)
  }
  const socket = connect(path, () => settle(2))
  socket.on('error', ({ code }) => settle(code === 'ECONNREFUSED' ? 3 : code === 'EAGAIN' ? 2 : 1))
})`

const answers = new Map<string, { readonly answer: SocketAnswer; readonly atMs: number }>()
let thread: Worker | undefined

/** Checks a liveness socket with the kernel, and blocks until it answers. */
export function askLivenessSocket(directory: string, name: string): SocketAnswer {
  const key = `${directory}\0${name}`
  const known = answers.get(key)
  // Names are never reused, so a dead process stays dead.
  if (known?.answer === 'refused') return known.answer
  if (known !== undefined && performance.now() - known.atMs < ASK_AGAIN_MS) return known.answer
  const answer = ask(directory, name)
  if (answers.size >= MAX_REMEMBERED) answers.clear()
  answers.set(key, { answer, atMs: performance.now() })
  return answer
}

function ask(directory: string, name: string): SocketAnswer {
  let descriptor: number | undefined
  try {
    if (!fs.existsSync(`${directory}/${name}`)) return 'none'
    descriptor = fs.openSync(directory, 'r')
    const answer = new Int32Array(new SharedArrayBuffer(4))
    thread ??= startThread()
    thread.postMessage({ path: socketPath(descriptor, name), answer })
    Atomics.wait(answer, 0, 0, PATIENCE_MS)
    return ANSWERS[(answer[0] ?? 0) - 1] ?? 'none'
  } catch {
    // The permission model can forbid threads; then nothing is concluded.
    return 'none'
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

/** The thread loads none of the host's code and keeps no process alive. */
function startThread(): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const started = new Worker(THREAD, {
    eval: true,
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  })
  started.unref()
  started.on('error', () => (thread = undefined))
  started.on('exit', () => (thread = undefined))
  return started
}
