import type { ServiceInfo } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from './fixtures/pseudo-terminal.js'
import { startTeamProcess } from './fixtures/team-process.js'

type Told = ServiceInfo & { readonly waitingFor?: { readonly resource: string } }

/** Starts a command that holds "production", and two that wait for it, in this order. */
async function staged(user: CliOpsUser) {
  const args = ['--lock', 'production'] as const
  const deploy = startTeamProcess(user.env, 'cli-alpha', 'deploy', ...args)
  await deploy.begun
  const waiting = []
  for (const [place, name] of ['cli-beta', 'cli-gamma'].entries()) {
    waiting.push(startTeamProcess(user.env, name, 'sync', ...args))
    await expect
      .poll(async () => (await user.coordinator().locks.inspect('production'))?.waiting.length, {
        timeout: 20_000,
      })
      .toBe(place + 1)
  }
  return { deploy, waiting }
}

describe('a blocked command is shown as waiting, a stopped one as stopped', () => {
  test('in status and ps', async () => {
    const user = new CliOpsUser()
    const { deploy } = await staged(user)
    deploy.child.kill('SIGSTOP')
    for (const command of ['status', 'ps']) {
      await expect
        .poll(async () => (await user.run(command)).stdout, { timeout: 20_000 })
        .toMatch(/^cli-alpha .* stopped /mu)
      const { stdout } = await user.run(command)
      expect(stdout).toMatch(/^cli-beta .* waiting for production, 1st /mu)
      expect(stdout).toMatch(/^cli-gamma .* waiting for production, 2nd /mu)
    }
    const instances = await user.json<Told[]>('ps')
    expect(instances.find(({ name }) => name === 'cli-gamma')).toMatchObject({
      state: 'live',
      waitingFor: { resource: 'production', position: 2 },
    })
    const status = await user.json<{ instances: Told[] }>('status')
    expect(status.instances.filter(({ waitingFor }) => waitingFor !== undefined)).toHaveLength(2)
    deploy.child.kill('SIGCONT')
  })

  test.skipIf(noPseudoTerminal !== undefined)('in top, among instances and commands', async () => {
    const user = new CliOpsUser()
    await staged(user)
    const top = new PseudoTerminal(['cli-ops', 'top'], user.env, { columns: 110, rows: 30 })
    await top.shows('2 waiting')
    await top.shows(/2 waiting {3}3 instances/u)
    top.keys('2')
    await top.shows(/^.?\s*cli-gamma .* waiting for production, 2nd/mu)
    await top.shows(/^.?\s*cli-alpha .* running/mu)
    top.keys('q')
    await top.ended
  })
})

describe('a wrapped program counts as running, too', () => {
  /** A run that holds "production", and one that waits for it. */
  async function wrapped(user: CliOpsUser) {
    const run = ['run', '--lock', 'production'] as const
    const holder = user.start(...run, '--label', 'eu', '--', 'sh', '-c', 'echo on; exec sleep 60')
    await holder.says('on')
    const waiter = user.start(...run, '--', 'true')
    await waiter.says('waiting for "production"')
  }

  test('in status and ps, as what it is', async () => {
    const user = new CliOpsUser()
    await wrapped(user)
    for (const command of ['status', 'ps']) {
      const { stdout } = await user.run(command)
      expect(stdout).not.toContain('No CLI is running')
      expect(stdout).toMatch(/^cli-ops run sh "eu" +- +\d+ +holds production +\S.* no +-$/mu)
      expect(stdout).toMatch(
        /^cli-ops run true +- +\d+ +waiting for production, 1st +\S.* no +-$/mu,
      )
    }
    const [holder, waiter] = await user.json<object[]>('ps')
    expect(holder).toMatchObject({ name: 'cli-ops', label: 'eu', holding: ['production'] })
    expect(waiter).toMatchObject({
      holding: [],
      waitingFor: { resource: 'production', position: 1 },
    })
  })

  test.skipIf(noPseudoTerminal !== undefined)('in top', async () => {
    const user = new CliOpsUser()
    await wrapped(user)
    const top = new PseudoTerminal(['cli-ops', 'top'], user.env, { columns: 110, rows: 30 })
    await top.shows('1 waiting')
    top.keys('2')
    await top.shows(/^.?\s*cli-ops +run sh "eu" .* holds production/mu)
    await top.shows(/^.?\s*cli-ops +run true .* waiting for production, 1st/mu)
    top.keys('q')
    await top.ended
  })
})
