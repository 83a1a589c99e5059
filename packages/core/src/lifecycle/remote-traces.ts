import type * as WorkerThreads from 'node:worker_threads'

import type { ConnectionOptions } from '../options/connection-options.js'
import { CliOpsError } from '../errors/cli-ops-error.js'
import { ownProcess } from '../process/own-process.js'
import type { RemoteOrder, RemoteReport, RemoteStart } from './remote-order.js'

/** What the end of a command may wait for its last traces to leave, where `CLI_OPS_LAST_CALL_MS` does not say. */
const LAST_CALL_MS = 1_000
const WORKER = '@cli-ops/shared-ipc/lifecycle/remote-worker'

/**
 * Where a command leaves its traces on an engine behind the network. A thread of its own loads the engine's client, connects and
 * sends, so that the command neither waits for it nor pays for loading it; and since that thread runs on while an exit
 * handler blocks, what is known only at the very end, the exit code, still leaves.
 */
export class RemoteTraces {
  readonly #worker: WorkerThreads.Worker
  readonly #port: WorkerThreads.MessagePort
  /** Set to 1 by the thread when there is nothing left to wait for: all was sent, or the engine cannot be used. */
  readonly #done = new Int32Array(new SharedArrayBuffer(4))
  readonly #onFailure: (error: Error) => void

  /** @param onFailure told once, at the end at the latest, where something could not be left */
  constructor(connection: ConnectionOptions, onFailure: (error: Error) => void) {
    this.#onFailure = onFailure
    const { MessageChannel, Worker: Thread } = threads()
    const { port1, port2 } = new MessageChannel()
    const { instance, name, startedAt } = ownProcess()
    const start: RemoteStart = {
      connection,
      owner: { instance, name, startedAt },
      port: port2,
      done: this.#done,
    }
    this.#port = port1
    this.#worker = new Thread(workerFile(), {
      workerData: start,
      transferList: [port2],
      // What the host was started with (loaders, coverage, inspectors) is not for this thread.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdin: false,
    })
    this.#worker.on('error', onFailure)
    port1.on('message', (report: RemoteReport) => {
      this.#report(report)
    })
    port1.unref()
    this.#worker.unref()
  }

  /** Registers the instance, for as long as the process lives. */
  register(_owner: object, name: string, version: string | undefined): void {
    this.#send({ kind: 'register', name, version })
  }

  /** Leaves an event. */
  append({ json }: { readonly json: string }): void {
    this.#send({ kind: 'append', json })
  }

  /** Waits, for a second at most unless the environment says otherwise, until everything has left and the instance is unregistered. For exit handlers. */
  finish(): void {
    this.#send({ kind: 'end' })
    const limitMs = lastCallMs()
    Atomics.wait(this.#done, 0, 0, limitMs)
    const last = threads().receiveMessageOnPort(this.#port) as
      { readonly message: RemoteReport } | undefined
    if (last !== undefined) this.#report(last.message)
    else if (Atomics.load(this.#done, 0) === 0)
      this.#onFailure(new Error(`the engine did not answer within ${limitMs} ms`))
  }

  #send(order: RemoteOrder): void {
    this.#port.postMessage(order)
  }

  #report({ failure }: RemoteReport): void {
    this.#onFailure(new Error(failure))
  }
}

function lastCallMs(env = process.env): number {
  const text = env['CLI_OPS_LAST_CALL_MS'] ?? ''
  return /^\d{1,9}$/u.test(text) ? Number(text) : LAST_CALL_MS
}

function threads(): typeof WorkerThreads {
  return process.getBuiltinModule('node:worker_threads')
}

function workerFile(): string {
  try {
    return require.resolve(WORKER)
  } catch (error) {
    const reason = 'a program that was bundled into one file keeps its traces on this machine'
    throw new CliOpsError('UNSUPPORTED', reason, { cause: error })
  }
}
