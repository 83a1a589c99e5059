import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A framework, in one of its majors, and the program built on it. */
export interface Host {
  readonly title: string
  /** File in `hosts/`. */
  readonly program: string
  /** Package name that the program loads; an alias for older majors. */
  readonly framework: string
  /** True if a framework validates arguments within the command, so that a usage error is a failed command. */
  readonly validatesInside?: boolean
  /** True if the plugin's options come from the home's `config.json`. */
  readonly configuredByHome?: boolean
}

const INSTALLED: readonly Host[] = [
  { title: 'commander 12', program: 'commander.mjs', framework: 'commander-12' },
  { title: 'commander 13', program: 'commander.mjs', framework: 'commander-13' },
  { title: 'commander 14', program: 'commander.mjs', framework: 'commander' },
  { title: 'yargs 17', program: 'yargs.mjs', framework: 'yargs-17' },
  { title: 'yargs 18', program: 'yargs.mjs', framework: 'yargs' },
  {
    title: '@oclif/core 4',
    program: 'oclif.mjs',
    framework: '@oclif/core',
    validatesInside: true,
    configuredByHome: true,
  },
]

/** `npm run test:matrix` sets other copies of the frameworks, and another runtime for them. */
const { MATRIX_HOSTS, MATRIX_RUNTIME } = process.env

/** The command that runs a program: an executable with its arguments, such as `deno run -A`. */
export const RUNTIME: readonly string[] =
  MATRIX_RUNTIME === undefined ? [process.execPath] : (JSON.parse(MATRIX_RUNTIME) as string[])

export const HOSTS: readonly Host[] =
  MATRIX_HOSTS === undefined ? INSTALLED : (JSON.parse(MATRIX_HOSTS) as readonly Host[])

/** How to run a host. */
export interface HostRun {
  readonly home: string
  readonly args: readonly string[]
  /** False for the same program without the plugin. */
  readonly plugin?: boolean
  readonly options?: object
  /** Sent once the host has written "ready". */
  readonly send?: NodeJS.Signals | undefined
  /** Called before that. */
  readonly onReady?: () => void
  readonly env?: Readonly<Record<string, string>>
  /** A program with its arguments that starts the host, such as `faketime +1d`. */
  readonly wrapper?: readonly string[]
}

/** What a host shows to the outside. */
export interface HostResult {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A started host. */
export interface RunningHost {
  readonly child: ChildProcess
  /** Resolves when its command says that it stays; rejects if the process ends without having said so. */
  readonly ready: Promise<void>
  readonly ended: Promise<HostResult>
}

/** Runs a host as a separate process, to its end. */
export function runHost(host: Host, run: HostRun): Promise<HostResult> {
  const { child, ready, ended } = startHost(host, run)
  const { send, onReady } = run
  if (send === undefined) return ended
  const sendIt = (): void => {
    onReady?.()
    child.kill(send)
  }
  // If it ended first, its result says how.
  ready.then(sendIt, () => undefined)
  return ended
}

/** Starts a host as a separate process. */
export function startHost(host: Host, run: Omit<HostRun, 'send' | 'onReady'>): RunningHost {
  if (host.configuredByHome === true && run.options !== undefined) {
    writeFileSync(join(run.home, 'config.json'), JSON.stringify({ clis: { host: run.options } }))
  }
  const program = fileURLToPath(new URL(`hosts/${host.program}`, import.meta.url))
  const [command = '', ...args] = [...(run.wrapper ?? []), ...RUNTIME, program, ...run.args]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // In a test environment, oclif looks for every plugin's TypeScript sources, and warns if it finds no compiler.
      NODE_ENV: 'production',
      CLI_OPS_HOME: run.home,
      NODE_NO_WARNINGS: '1',
      HOST_FRAMEWORK: host.framework,
      HOST_PLUGIN: run.plugin === false ? 'off' : 'on',
      HOST_OPTIONS: JSON.stringify(run.options ?? {}),
      ...run.env,
    },
  })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<HostResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode, signal, stdout, stderr })
    })
  })
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.includes('ready')) resolve()
    })
    child.once('close', () => {
      reject(new Error(`the host has ended before it was ready: ${stderr}`))
    })
  })
  // Only some callers wait for it.
  ready.catch(() => undefined)
  return { child, ready, ended }
}
