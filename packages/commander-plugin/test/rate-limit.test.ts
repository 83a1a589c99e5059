import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { hostProject, type HostProject } from './fixtures/host-project.js'

function host(options: string): HostProject {
  return hostProject(`import { useOps } from '@cli-ops/shared-ipc'
program.use(cliOps(${options}))
program.command('announce').action(async () => {
  for (const id of [1, 2, 3]) {
    await useOps().events.emit('found', { id }).catch(({ message }) => console.log(message))
  }
})
await program.parseAsync()`)
}

test('a plugin limits what its commands emit, and the error names the plugin', async () => {
  const limited = host('{ rateLimit: { max: 1, perMs: 60_000, burst: 2 } }')
  const { stdout, status } = await limited.run(['announce'])
  expect(status).toBe(0)
  expect(stdout).toMatch(
    /^more than 1 events "found" in 60000 ms after a burst of 2, the limit set by the option rateLimit of cliOps\(\); /u,
  )
  const { types } = await limited.traces()
  expect(types).toEqual(['command:started', 'found', 'found', 'command:completed'])
})

test('the person who runs it has the last word, and is named', async () => {
  const limited = host('{ rateLimit: false }')
  expect((await limited.run(['announce'])).stdout).toBe('')
  const options = { rateLimit: { max: 1, perMs: 60_000 } }
  writeFileSync(join(limited.home, 'config.json'), JSON.stringify({ clis: { host: options } }))
  const { stdout } = await limited.run(['announce'])
  expect(stdout).toContain("the limit set in the home's config.json; ")
})

test('the environment sets the limit if nothing else does', async () => {
  const env = { CLI_OPS_RATE_LIMIT: '1/60000' }
  expect((await host('{}').run(['announce'], { env })).stdout).toContain('CLI_OPS_RATE_LIMIT')
  const free = host('{ rateLimit: { max: 5, perMs: 1000 } }')
  expect((await free.run(['announce'], { env })).stdout).toBe('')
})

test('an invalid limit prevents the commands from running, and is named', async () => {
  const wrong = host('{ rateLimit: { max: 0, perMs: 1000 } }')
  const { status, stdout, stderr } = await wrong.run(['announce'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('rateLimit.max must be an integer of at least 1, got 0')
})
