import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { runCli } from './cli-runner.mjs'

/**
 * Runs every measured command once, with and without the plugin: both must print the same, and the plugin must have
 * done its work. A plugin that is fast because it does nothing must not be measured.
 *
 * @param {import('./measure-startup.mjs').Variants} variants
 * @param {import('./measure-startup.mjs').MeasuredFramework} framework
 */
export async function assertPluginWorks({ plain, plugin, naive }, { commands, lockedResource }) {
  for (const args of [commands.plain, commands.locked, ['--help'], ['--version']]) {
    const expected = runCli(plain, args)
    for (const cli of [plugin, naive]) {
      if (expected !== '' && runCli(cli, args) === expected) continue
      throw new Error(`${cli.file} ${args.join(' ')} prints something different without the plugin`)
    }
  }
  const { home } = plugin
  await assertLockWasTaken(home, lockedResource)
  await assertCommandsCompleted(home, 2)
}

/** @param {string} home @param {string} resource */
async function assertLockWasTaken(home, resource) {
  const locks = new LockManager(resource, { home })
  const lock = await locks.lock()
  await lock.release()
  await locks.close()
  // Tokens rise with every grant, and the first grant has token 1.
  if (lock.token < 2n) throw new Error(`no command has ever taken the lock "${resource}"`)
}

/** @param {string} home @param {number} expected */
async function assertCommandsCompleted(home, expected) {
  const events = new EventBus({ home })
  const signal = AbortSignal.timeout(10_000)
  let completed = 0
  for await (const { type } of events.subscribe('command:*', { from: 'earliest', signal })) {
    if (type === 'command:completed') completed += 1
    if (completed === expected) break
  }
  await events.close()
}
