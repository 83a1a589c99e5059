import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const PROGRAM = join(import.meta.dirname, '../dist/main.js')

interface StoredTask {
  readonly id: string
  readonly title: string
  readonly tags: readonly string[]
  readonly due?: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly doneAt?: string
}

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  /** User to run as; only root may choose one. */
  readonly uid?: number
}

/** One user of cli-alpha: a home, tasks and settings of their own in a temporary directory, removed after the test. */
export class User {
  readonly root = mkdtempSync(join(tmpdir(), 'cli-alpha-'))
  readonly home = join(this.root, 'ops')
  readonly taskFile = join(this.root, 'data', 'tasks.json')
  readonly settingsFile = join(this.root, 'config', 'config.json')
  readonly #processes: RunningCli[] = []

  constructor() {
    mkdirSync(join(this.root, 'run'), { mode: 0o700 })
    onTestFinished(async () => {
      for (const running of this.#processes) running.kill('SIGKILL')
      await Promise.all(this.#processes.map(({ end }) => end))
      rmSync(this.root, { recursive: true, force: true })
    })
  }

  /** Starts the program and returns at once. */
  start(args: readonly string[], { env = {}, uid }: StartOptions = {}): RunningCli {
    const inherited = Object.entries(process.env).filter(([name]) => !/^CLI_/.test(name))
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.root,
      env: {
        ...Object.fromEntries(inherited),
        CLI_OPS_HOME: this.home,
        XDG_RUNTIME_DIR: join(this.root, 'run'),
        CLI_ALPHA_DATA: join(this.root, 'data'),
        CLI_ALPHA_CONFIG: join(this.root, 'config'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    const running = new RunningCli(child)
    this.#processes.push(running)
    return running
  }

  /** Runs the program to its end, whatever that is. */
  async run(args: readonly string[], options?: StartOptions): Promise<End> {
    return this.start(args, options).end
  }

  /** Runs the program, which has to succeed, and gives what it wrote to stdout. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, signal, stdout, stderr } = await this.run(args)
    if (code !== 0) {
      throw new Error(`cli-alpha ${args.join(' ')}: ${code ?? signal}\n${stdout}${stderr}`)
    }
    return stdout
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, '--json')) as T
  }

  /** Adds a task and gives its id. */
  async add(...args: readonly string[]): Promise<string> {
    const [task] = await this.json<StoredTask[]>('add', ...args)
    return task!.id
  }

  async tasks(): Promise<StoredTask[]> {
    return this.json<StoredTask[]>('list', '--all')
  }

  /** Writes a file of the user's and gives its path. */
  write(name: string, content: string | object): string {
    const path = join(this.root, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  /** The content of the store, as it is on disk. */
  store(): string | undefined {
    return existsSync(this.taskFile) ? readFileSync(this.taskFile, 'utf8') : undefined
  }
}

/** One process of cli-alpha. */
export class RunningCli {
  readonly end: Promise<End>
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #onOutput = (): void => undefined

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#onOutput()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#onOutput()
    })
    this.end = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get pid(): number {
    return this.#child.pid!
  }

  get stdout(): string {
    return this.#stdout
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Stops reading, as `head -1` does after its line. */
  closeOutput(): void {
    this.#child.stdout?.destroy()
  }

  /** Waits until the process has written something; fails when it ends before. */
  async wrote(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      this.#onOutput = () => {
        const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
        if (match !== null) resolve(match)
      }
      this.#onOutput()
      void this.end.then(({ stdout, stderr }) => {
        reject(new Error(`ended without writing ${String(pattern)}\n${stdout}${stderr}`))
      })
    })
  }
}

/** Makes a task as a store holds it. */
export function storedTask(id: string, fields: Partial<StoredTask> = {}): StoredTask {
  const createdAt = '2026-01-01T00:00:00.000Z'
  return { id, title: `Task ${id}`, tags: [], createdAt, updatedAt: createdAt, ...fields }
}
