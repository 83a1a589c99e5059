import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** A user with a private home, whose CLIs only meet each other. */
export class TemporaryUser {
  /** As `~`. */
  readonly directory = mkdtempSync(join(tmpdir(), 'cli-ops-user-'))

  constructor() {
    onTestFinished(() => removeFolder(this.directory))
  }

  /** Where the kit keeps its files by default. */
  get home(): string {
    return join(this.directory, '.local', 'share', 'cli-ops')
  }

  /** Returns the variables of this user's processes, without any setting of the kit. */
  get environment(): NodeJS.ProcessEnv {
    const foreign = /^(?:CLI_OPS_|XDG_|VITEST|NODE_ENV)/u
    const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name))
    return {
      ...Object.fromEntries(inherited),
      HOME: this.directory,
      XDG_RUNTIME_DIR: this.directory,
    }
  }

  /** Starts one of the scripts in `clis`; it is killed at the end of the test. */
  start(script: string, ...parameters: string[]): StartedCli {
    const path = fileURLToPath(new URL(`clis/${script}.mjs`, import.meta.url))
    const child = fork(path, parameters, {
      env: this.environment,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return new StartedCli(child)
  }
}

/** A process of a CLI. */
export class StartedCli {
  readonly child: ChildProcess
  readonly #ended: Promise<number | string>
  readonly #messages: AsyncIterator<unknown>
  stdout = ''
  stderr = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.#messages = messagesOf(child)
    this.#ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  }

  /** Resolves to the next message from the script. Rejects if it ends without one. */
  async message<T = unknown>(): Promise<T> {
    const next = await Promise.race([this.#messages.next(), this.#ended])
    if (typeof next === 'object') return next.value as T
    throw new Error(`the script ended with ${next}: ${this.stderr}`)
  }

  goOn(): void {
    this.child.send('go on')
  }

  /** Waits for the end; rejects unless it is a success. */
  async succeeded(): Promise<void> {
    const code = await this.#ended
    if (code !== 0) throw new Error(`the script ended with ${code}: ${this.stderr}`)
  }
}

function messagesOf(child: ChildProcess): AsyncIterator<unknown> {
  const queue: unknown[] = []
  let wake: () => void = () => undefined
  child.on('message', (message) => {
    queue.push(message)
    wake()
  })
  return {
    next: async () => {
      while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return { value: queue.shift(), done: false }
    },
  }
}
