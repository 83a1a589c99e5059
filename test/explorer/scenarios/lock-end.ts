import type { LockInfo } from '../../../packages/core/src/locks/contract/lock-types.js'
import type { End } from '../engine/scenario.js'
import type { SimulatedFiles } from '../engine/simulated-files.js'
import { hold, type LockGhost } from './lock-ghost.js'
import { cleans, openLocks } from './lock-programs.js'

/** Checks that the dead keep no live process waiting, and that nothing of theirs stays after a clean-up. */
export function checkLockEnd({ world, runAlone }: End<LockGhost>): string | undefined {
  const { processes, machine, ghost } = world
  const waiting = processes.flatMap(({ status }, index) => (status === 'idle' ? [index] : []))
  if (waiting.length > 0 && machine.deadLook === 'dead')
    return `nobody is alive but those who wait: ${waiting.join()}`
  // A process that crashed inside is no longer inside once it is known to be dead.
  const begun = { ...ghost, holders: [] }
  let got = false
  const after = runAlone((process) => {
    const locks = openLocks(process)
    process.note(() => begun)
    if (machine.deadLook === 'unknown') {
      for (let info = inspect(locks); info !== null && info.id !== ''; info = inspect(locks))
        void locks.forceRelease('db', info.id)
    }
    const grant = locks.tryAcquireSync!({ resource: 'db', mode: 'exclusive', id: 'new', held: [] })
    if (grant === null) return
    got = true
    hold(process, grant, 'exclusive')
  }).world
  if (after.ghost.wrong !== undefined) return `a newcomer afterwards: ${after.ghost.wrong}`
  // A process that died elsewhere looks alive, but must not block a free lock.
  if (!got && waiting.length === 0) return 'a newcomer does not get the lock afterwards'
  if (machine.deadLook === 'unknown') return undefined
  const { world: clean } = runAlone(cleans)
  const left = leftovers(clean.files)
  return left.length > 0 ? `a clean-up leaves ${left.join()}` : undefined

  function inspect(locks: ReturnType<typeof openLocks>): LockInfo | null {
    return locks.inspect('db') as LockInfo | null
  }
}

/** Returns what carries the name of a process. */
function leftovers(files: SimulatedFiles): string[] {
  return files.paths.filter((path) => /~p\d+\.t/u.test(path))
}
