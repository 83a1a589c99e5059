import { once } from 'node:events'
import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { childrenOf, lookAtLock, requireWrapper, startHolder, type Wrapper } from './run-wrapped.js'

/** A uid that nobody else on this machine has. */
const UID = 54_321

function inMountNamespace(script: string, ...args: string[]): Wrapper {
  return ['unshare', '-m', 'sh', '-ec', `${script}\nshift ${args.length}\nexec "$@"`, 'sh', ...args]
}

const HELD_BY_LIVING = { state: 'running', taken: false }
const UNKNOWN = { state: 'unknown', taken: false }
const FREE = { state: 'none', taken: true }

describe('a live holder keeps its lock', () => {
  test('in a pid namespace whose /proc is that of another one', async (context) => {
    const wrapper: Wrapper = ['unshare', '-p', '-f', '--kill-child']
    requireWrapper(context, wrapper)
    const home = temporaryHome()
    // The shell stays the first process of the namespace, which ends with it.
    const child = await startHolder(home, [...wrapper, 'sh', '-c', '"$@"; exec sleep 60', 'sh'])
    const [shell] = childrenOf(child.pid!)
    const inside: Wrapper = ['nsenter', '-t', String(shell), '-p']
    expect(lookAtLock(home, inside)).toEqual(HELD_BY_LIVING)
    // From the initial namespace the process is found by its number there.
    expect(lookAtLock(home)).toEqual(HELD_BY_LIVING)
    process.kill(childrenOf(shell!)[0]!, 'SIGKILL')
    await expect.poll(() => lookAtLock(home, inside), { timeout: 60_000 }).toEqual(FREE)
  })

  test('seen from another time namespace, where its start time is another one', async (context) => {
    const wrapper: Wrapper = ['unshare', '-T', '-f', '--boottime', '86400']
    requireWrapper(context, wrapper)
    const home = temporaryHome()
    const child = await startHolder(home)
    expect(lookAtLock(home, wrapper)).toEqual(UNKNOWN)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    expect(lookAtLock(home, wrapper)).toEqual(FREE)
  })

  test('whose /proc entry is hidden', async (context) => {
    const asUser = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups']
    // A capability that the other one does not have hides a process from its own user.
    const hidden: Wrapper = [...asUser, '--inh-caps=+net_raw', '--ambient-caps=+net_raw']
    const blind = [...inMountNamespace('mount -t proc -o hidepid=2 proc /proc'), ...asUser]
    requireWrapper(context, hidden)
    requireWrapper(context, blind)
    requireWrapper(context, [...asUser, process.execPath, '--version'])
    const home = temporaryHome()
    chownSync(home, UID, UID)
    const child = await startHolder(home, hidden)
    expect(lookAtLock(home, blind)).toEqual(HELD_BY_LIVING)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    expect(lookAtLock(home, blind)).toEqual(FREE)
  })

  test('in a container with its own boot id, and no machine id', async (context) => {
    const home = temporaryHome()
    const [boot] = anotherBoot(home)
    const wrapper = inMountNamespace(
      'mount --bind "$1" /proc/sys/kernel/random/boot_id\nmount --bind /dev/null /etc/machine-id',
      boot,
    )
    const judge = inMountNamespace('mount --bind /dev/null /etc/machine-id')
    requireWrapper(context, wrapper)
    await startHolder(home, wrapper)
    expect(lookAtLock(home, judge)).toEqual(UNKNOWN)
  })

  test('on another machine with another boot id', async (context) => {
    const home = temporaryHome()
    const [boot, machine] = anotherBoot(home)
    const wrapper = inMountNamespace(
      'mount --bind "$1" /proc/sys/kernel/random/boot_id\nmount --bind "$2" /etc/machine-id',
      boot,
      machine,
    )
    requireWrapper(context, wrapper)
    await startHolder(home, wrapper)
    expect(lookAtLock(home)).toEqual(UNKNOWN)
  })

  test('that names another boot, and that was there since this kernel booted', async (context) => {
    const home = temporaryHome()
    const [boot] = anotherBoot(home)
    const wrapper = inMountNamespace('mount --bind "$1" /proc/sys/kernel/random/boot_id', boot)
    requireWrapper(context, wrapper)
    await startHolder(home, wrapper)
    // Two kernels can share a machine id. Only what existed before this one booted is a relic.
    expect(lookAtLock(home)).toEqual(UNKNOWN)
  })
})

describe('a lock is free', () => {
  test('when the pid of its holder is in use again', async (context) => {
    const wrapper: Wrapper = ['unshare', '-p', '-f', '--kill-child', '--mount-proc']
    requireWrapper(context, wrapper)
    const home = temporaryHome()
    const reuse = `
      "$@" & holder=$!
      read line
      kill -9 $holder; wait $holder
      echo $((holder - 1)) > /proc/sys/kernel/ns_last_pid
      sleep 60 & [ $! = $holder ] && echo used again
      wait`
    const child = await startHolder(home, [...wrapper, 'bash', '-c', reuse, 'bash'], 'pipe')
    const [shell] = childrenOf(child.pid!)
    const inside: Wrapper = ['nsenter', '-t', String(shell), '-p', '-m']
    expect(lookAtLock(home, inside)).toEqual(HELD_BY_LIVING)
    child.stdin!.end('\n')
    const [line] = (await once(child.stdout!, 'data')) as [Buffer]
    expect(line.toString()).toBe('used again\n')
    expect(lookAtLock(home, inside)).toEqual(FREE)
  })
})

/** Creates files that stand in for the boot id and the machine id of another boot or machine. */
function anotherBoot(home: string): [boot: string, machine: string] {
  const [boot, machine] = [join(home, 'boot-id'), join(home, 'machine-id')]
  writeFileSync(boot, '0a1b2c3d-4e5f-4a6b-8c7d-9e8f7a6b5c4d\n')
  writeFileSync(machine, '00112233445566778899aabbccddeeff\n')
  chmodSync(boot, 0o444)
  return [boot, machine]
}

test('a holder in a worker thread is dead when the thread is, though its process continues', async () => {
  const home = temporaryHome()
  const script = `
    import('@cli-ops/shared-ipc').then(async ({ LockManager }) => {
      const { parentPort, workerData } = require('node:worker_threads')
      const locks = new LockManager({ home: workerData })
      for (const n of [0, 1, 2]) await locks.lock('db-' + n)
      await locks.lock('shared', { mode: 'shared' })
      parentPort.postMessage('held')
      parentPort.once('message', () => { throw new Error('dies') })
    })`
  const locks = new LockManager({ home })
  for (const end of ['terminate', 'throw'] as const) {
    const worker = new Worker(script, { eval: true, workerData: home })
    worker.on('error', () => undefined)
    await once(worker, 'message')
    expect(await locks.tryLock('db-0')).toBeNull()
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    if (end === 'throw') worker.postMessage('now')
    else await worker.terminate()
    await ended
    for (const resource of ['db-0', 'db-1', 'db-2', 'shared']) {
      await (await locks.lock(resource, { timeoutMs: 5000 })).release()
    }
  }
  expect(await locks.list()).toEqual([])
})
