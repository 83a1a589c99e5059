import { expect, test } from 'vitest'
import { hostProgram, hostProject } from './fixtures/host-project.js'

// What a newer copy of the kit leaves for every other one in the process to see.
const HOST = `globalThis[Symbol.for('@cli-ops/shared-ipc')] = { protocol: 1000, parts: {} }
${hostProgram(`cliOps({ commands: { rule: { lock: 'db', emits: 'done' } } })(program)
program.command('plain').action(() => console.log('ran'))
program.command('rule').action(() => console.log('ran'))
program.command('wrapped').action(withLock('db', () => console.log('ran')))
program.parse()`)}`

test('beside a newer copy that it cannot work with, a command with a lock does not run', async () => {
  const { run, traces } = hostProject({ 'host.mjs': HOST })
  const told =
    'host.mjs: two incompatible copies of @cli-ops/shared-ipc are loaded (state 1 and 1000)'
  for (const command of ['rule', 'wrapped']) {
    const { status, stdout, stderr } = await run([command])
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
    const [first, second, ...rest] = stderr.split('\n')
    expect(first).toContain(told)
    expect(second).toMatch(/^host: .*this copy of @cli-ops\/shared-ipc is older than another one/u)
    expect(rest).toEqual([''])
  }
  const { status, stdout, stderr } = await run(['plain'])
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' })
  expect(stderr).toContain(told)
  expect(stderr.split('\n')).toHaveLength(2)
  expect((await traces()).types).toEqual([])
})
