import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Coordinator, createCoordinator } from '@cli-ops/shared-ipc'
import { onTestFinished } from 'vitest'

const EXAMPLES = join(import.meta.dirname, '../..')

/** The example programs. */
export type CliName = 'cli-alpha' | 'cli-beta' | 'cli-gamma'

export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  /** @default the CLI under test */
  readonly cli?: CliName
  readonly env?: Readonly<Record<string, string>>
  /** User to run as; only root can choose one. */
  readonly uid?: number
}

/** One user of the example CLIs, with a private home and data in a temporary directory that is removed after the test. */
export class ExampleUser {
  readonly root = mkdtempSync(join(tmpdir(), 'cli-ops-examples-'))
  readonly home = join(this.root, 'ops')
  readonly #cli: CliName
  readonly #processes: RunningCli[] = []

  /** `cli` is the CLI under test. */
  constructor(cli: CliName) {
    this.#cli = cli
    mkdirSync(join(this.root, 'run'), { mode: 0o700 })
    onTestFinished(async () => {
      for (const running of this.#processes) running.kill('SIGKILL')
      await Promise.all(this.#processes.map(({ end }) => end))
      rmSync(this.root, { recursive: true, force: true })
    })
  }

  /** Starts the program and returns immediately. */
  start(
    args: readonly string[],
    { cli = this.#cli, env = {}, uid }: StartOptions = {},
  ): RunningCli {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(?:CLI_|NODE_ENV$)/.test(name),
    )
    const child = spawn(process.execPath, [join(EXAMPLES, cli, 'dist/main.js'), ...args], {
      cwd: this.root,
      env: {
        ...Object.fromEntries(inherited),
        CLI_OPS_HOME: this.home,
        XDG_RUNTIME_DIR: join(this.root, 'run'),
        CLI_ALPHA_DATA: join(this.root, 'data'),
        CLI_ALPHA_CONFIG: join(this.root, 'config'),
        CLI_BETA_DATA: join(this.root, 'beta'),
        CLI_GAMMA_DATA: join(this.root, 'gamma'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    const running = new RunningCli(child)
    this.#processes.push(running)
    return running
  }

  /** Runs the program to its end, however it ends. */
  async run(args: readonly string[], options?: StartOptions): Promise<End> {
    return this.start(args, options).end
  }

  /** Runs the program, which has to succeed, and returns its stdout. */
  async ok(...args: readonly string[]): Promise<string> {
    return this.okOf(this.#cli, ...args)
  }

  /** As `ok`, for another of the CLIs. */
  async okOf(cli: CliName, ...args: readonly string[]): Promise<string> {
    const { code, signal, stdout, stderr } = await this.run(args, { cli })
    if (code !== 0) {
      throw new Error(`${cli} ${args.join(' ')}: ${code ?? signal}\n${stdout}${stderr}`)
    }
    return stdout
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, '--json')) as T
  }

  /** Writes a file for the user and returns its path. */
  write(name: string, content: string | object): string {
    const path = join(this.root, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  /** Returns the content of one of the user's files; `undefined` if there is none. */
  read(name: string): string | undefined {
    const path = join(this.root, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /**
   * Returns what is left in the directories where everything ends with its process; events, cursors and the fencing
   * tokens in the names of free locks are meant to outlive it.
   */
  leftovers(): string[] {
    const shortLived = ['locks', 'queues', 'claims', 'registry'].map((part) =>
      join(this.home, part),
    )
    return [...shortLived, join(this.root, 'run')]
      .flatMap(filesIn)
      .filter((path) => !basename(path).startsWith('free~'))
  }

  /** Makes this process another program of the same user while an action runs. */
  async withOps<T>(action: (ops: Coordinator) => Promise<T>): Promise<T> {
    const before = process.env['XDG_RUNTIME_DIR']
    process.env['XDG_RUNTIME_DIR'] = join(this.root, 'run')
    try {
      await using ops = createCoordinator({ name: 'test', home: this.home })
      return await action(ops)
    } finally {
      if (before === undefined) delete process.env['XDG_RUNTIME_DIR']
      else process.env['XDG_RUNTIME_DIR'] = before
    }
  }
}

/** One process of a CLI. */
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

  /** Waits until the process has written something; fails if it ends first. */
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

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
}
