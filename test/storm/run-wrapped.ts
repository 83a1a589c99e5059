import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished, type TestContext } from 'vitest'

/** A program and its arguments that starts what follows it, such as `unshare -p -f`. */
export type Wrapper = readonly string[]

const SCRIPT = fileURLToPath(
  new URL('../../packages/core/test/fixtures/lock-once.mjs', import.meta.url),
)
const LOOK = fileURLToPath(new URL('scripts/look-at-lock.mjs', import.meta.url))

/** Skips the test, with the reason, if a wrapper is not available: no such program, no permission. */
export function requireWrapper(context: TestContext, wrapper: Wrapper): void {
  const [program = '', ...args] = wrapper
  const { status, stderr, error } = spawnSync(program, [...args, 'true'], { encoding: 'utf8' })
  const reason = error?.message ?? stderr
  context.skip(status !== 0, `"${wrapper.join(' ')}" does not work here: ${reason}`)
}

/** Starts a process that holds the lock "db" until it is killed. */
export async function startHolder(
  home: string,
  wrapper: Wrapper = [],
  stdin: 'ignore' | 'pipe' = 'ignore',
): Promise<ChildProcess> {
  const [program, ...args] = [...wrapper, process.execPath, SCRIPT, home]
  const child = spawn(program, args, { stdio: [stdin, 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const first = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')])
  if (String(first[0]).trim() !== 'held')
    throw new Error(`the holder ended with ${String(first[0])}`)
  return child
}

/** Inspects the lock "db" from another process. */
export function lookAtLock(home: string, wrapper: Wrapper = []): { state: string; taken: boolean } {
  const [program, ...args] = [...wrapper, process.execPath, LOOK, home]
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as ReturnType<
    typeof lookAtLock
  >
}

/** Returns the pids of a process's children. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}
