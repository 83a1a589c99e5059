import { type ChildProcess, spawn } from 'node:child_process'

/** What a program shows to the outside. */
export interface ProgramEnd {
  /** The exit code, or the name of the signal that ended it. */
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** A started program. */
export interface RunningProgram {
  readonly child: ChildProcess
  readonly ended: Promise<ProgramEnd>
  /** Resolves when its stdout and stderr so far match; rejects if the program ends first. */
  says(wanted: RegExp): Promise<void>
}

/** How to start a program. */
export interface ProgramRun {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
  readonly input?: string
  /** Its stdin stays open, for typing. */
  readonly isTyped?: boolean
  /** A program with its arguments that starts it, such as `setpriv`. */
  readonly wrapper?: readonly string[]
}

// Ends a program that hangs, so that its test fails with what it saw.
const HANGS_MS = 30_000

/** Starts a program as a separate process, with an environment without traces of the test runner. */
export function startProgram(
  file: string,
  args: readonly string[],
  { cwd, env, nodeOptions = [], input, isTyped = false, wrapper = [] }: ProgramRun,
): RunningProgram {
  const words = [...wrapper, process.execPath, ...nodeOptions, file, ...args]
  const child = spawn(words[0]!, words.slice(1), {
    cwd,
    stdio: [isTyped || input !== undefined ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: cwd, LC_ALL: 'C', NO_COLOR: '1', ...env },
    timeout: HANGS_MS,
    killSignal: 'SIGKILL',
  })
  child.stdin?.on('error', () => undefined)
  if (!isTyped) child.stdin?.end(input)
  const said = { stdout: '', stderr: '' }
  const looks = new Set<() => void>()
  let isOver = false
  const lookAgain = (): void => {
    for (const look of looks) look()
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text
      lookAgain()
    })
  }
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      isOver = true
      lookAgain()
      resolve({ status: code ?? signal ?? '', ...said })
    })
  })
  const says = (wanted: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (wanted.test(said.stdout + said.stderr)) resolve()
        else if (isOver)
          reject(new Error(`ended without ${String(wanted)}: ${JSON.stringify(said)}`))
        else return
        looks.delete(look)
      }
      looks.add(look)
      look()
    })
  return { child, ended, says }
}

/** Frames of a stack trace below the host's own code can show that it is wrapped. */
export function withoutFrames({ status, stdout, stderr }: ProgramEnd): ProgramEnd {
  return { status, stdout, stderr: stderr.replaceAll(/^ {4}at .*\n/gmu, '') }
}
