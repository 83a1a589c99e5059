import { type ChildProcess, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'

/** A process of Node, and its output so far. */
export interface NodeProcess {
  readonly child: ChildProcess
  stdout: string
  stderr: string
  /** Resolves once its output contains a text; rejects if it ends first. */
  says(text: string): Promise<void>
  readonly ended: Promise<number | string | null>
}

/** Starts Node until the end of the test. */
export function startNode(
  context: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): NodeProcess {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
  })
  const waiting = new Set<() => void>()
  let isOver = false
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true
      for (const look of waiting) look()
      resolve(code ?? signal)
    })
  })
  context.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const started: NodeProcess = {
    child,
    stdout: '',
    stderr: '',
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (started.stdout.includes(text)) resolve()
          else if (isOver) reject(new Error(`it has ended without "${text}": ${started.stderr}`))
        }
        waiting.add(look)
        look()
      }),
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      started[stream] += text
      for (const look of waiting) look()
    })
  }
  return started
}
