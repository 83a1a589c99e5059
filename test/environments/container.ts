import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import { onTestFinished } from 'vitest'

import { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'

/** A pid namespace with a separate process table, whose processes end with it: to the locks, a container. */
const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', '--uts']

/** Why containers cannot be tested on this machine; undefined if they can. */
export const noContainers = whyNot([...CONTAINER, 'true'])

/** Why a program does not run here; undefined if it does. */
export function whyNot([file = '', ...args]: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? `${file}: ${stderr.trim() || `ends with ${status}`}`
}

/** Returns what starts a program in a container, after the steps of a shell script. */
export function inContainer(prepare = 'true'): string[] {
  return [...CONTAINER, 'sh', '-c', `${prepare} && exec "$@"`, 'container']
}

/** Starts a lock actor within another program, until the end of the test. */
export async function startActor(
  home: string,
  within: readonly string[] = inContainer(),
): Promise<LockActor> {
  const actor = await LockActor.start(home, within)
  onTestFinished(() => actor.kill())
  return actor
}

/** Starts another container, which takes the number of a namespace that is gone. */
export function startOtherContainer(): void {
  const other = spawn(CONTAINER[0]!, [...CONTAINER.slice(1), 'sleep', '60'])
  onTestFinished(() => void other.kill('SIGKILL'))
}

/** Returns a process's children, as this namespace numbers them. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}
