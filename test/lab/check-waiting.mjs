import { setTimeout as pause } from 'node:timers/promises'
import { changedFiles, differences } from './differences.mjs'
import { normalise } from './normalise.mjs'
import { seesWaiter } from './observer.mjs'
import { RESOURCE } from './resource.mjs'
import { withoutWaiting } from './without-waiting.mjs'

/** How long the lock is busy once the program waits: time in which a program that ignores it would go on. */
const BUSY_MS = 2000

/**
 * Checks that the program waits, having done nothing, and then does the same as without the plugin.
 *
 * @param {object} run
 * @param {import('./subject.mjs').Subject} run.subject
 * @param {import('./holder.mjs').Holder} run.holder
 * @param {Readonly<Record<string, string>>} run.before files in the work folder
 * @param {import('./normalise.mjs').Seen} run.plain
 * @returns {Promise<string | undefined>}
 */
export async function checkWaiting({ subject, holder, before, plain }) {
  const { cli, sandbox } = subject
  const same = (/** @type {import('./normalise.mjs').Seen} */ seen) =>
    normalise(seen, cli.varies ?? [])
  const faults = []
  const seen = await subject.run({
    async onStart({ ended, output }) {
      if (await seesWaiter(sandbox.opsHome, RESOURCE, ended)) {
        await pause(BUSY_MS)
        if (output.stdout !== '') faults.push('wrote to stdout before it had the lock')
        const changed = changedFiles(before, same({ ...plain, files: subject.filesNow() }).files)
        if (changed !== undefined) faults.push(`before it had the lock: ${changed}`)
      } else {
        faults.push('did not wait for the lock')
      }
      await holder.release()
    },
  })
  const later = same({ ...seen, stderr: withoutWaiting(seen.stderr, cli.bin) })
  const difference = differences(plain, later)
  if (difference !== undefined) faults.push(difference)
  return faults.length === 0 ? undefined : faults.join('; ')
}
