import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import type { FaultyServer } from './engine-faults.js'

/** A server in a separate process that can be suspended, killed and restarted under its URL. */
export abstract class ServerProcess implements FaultyServer {
  abstract readonly port: number
  #child: ChildProcess | undefined

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Sends SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends the server with SIGKILL, or another signal. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Restarts the server with its stored data. Resolves when it answers, and rejects if it ends before. */
  async restart(): Promise<void> {
    await this.kill()
    const child = this.launch()
    this.#child = child
    const ended = once(child, 'exit').then(([exitCode, signal]) => {
      throw new Error(`the server has ended with ${String(exitCode ?? signal)} before it answered`)
    })
    await Promise.race([this.untilReady(child), ended])
  }

  protected abstract launch(): ChildProcess
  /** Resolves when the server answers. Rejects if it does not start. */
  protected abstract untilReady(child: ChildProcess): Promise<void>
}

/** Waits for the line that a hub writes when it listens. Rejects with its other output, if available. */
export async function firstLine({ stdout, stderr }: ChildProcess): Promise<string> {
  let said = ''
  stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  if (stdout !== null) for await (const line of createInterface({ input: stdout })) return line
  throw new Error(`the hub does not start: ${said}`)
}
