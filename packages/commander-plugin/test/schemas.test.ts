import { expect, test } from 'vitest'

import { copyPackage, hostProject, type HostProject } from './fixtures/host-project.js'

function host(schemas: string): HostProject {
  const project = hostProject(`import { useOps } from '@cli-ops/shared-ipc'
import { z } from 'zod'
program.use(cliOps({ schemas: ${schemas}, commands: { build: { emits: 'built' } } }))
program.command('announce <id>').action(async (id) => {
  const { events } = useOps()
  const heard = events.once('found')
  await events.emit('found', { id, at: new Date(0) }).catch(({ code, message }) => {
    console.log(code, message)
    process.exit(3)
  })
  console.log((await heard).data.at instanceof Date)
  await events.close()
})
program.command('build <files>').action((files) => ({ files: Number(files) }))
await program.parseAsync()`)
  copyPackage(project.directory, 'zod')
  return project
}

const SCHEMAS = `{
  found: z.looseObject({ id: z.string().min(2), at: z.iso.datetime().transform((at) => new Date(at)) }),
  built: z.looseObject({ files: z.int().min(1) }),
}`

test('useOps() emits what matches the plugin’s schemas, and hands out their output', async () => {
  const described = host(SCHEMAS)
  expect(await described.run(['announce', 'a1'])).toMatchObject({ status: 0, stdout: 'true\n' })
  const { status, stdout } = await described.run(['announce', 'a'])
  expect(status).toBe(3)
  expect(stdout).toMatch(/^INVALID_MESSAGE .*id/u)
  expect((await described.traces()).types.filter((type) => type === 'found')).toHaveLength(1)
})

test('a rule does not emit what violates the schema, and says so', async () => {
  const described = host(SCHEMAS)
  expect(await described.run(['build', '2'])).toEqual({ status: 0, stdout: '', stderr: '' })
  const { status, stderr } = await described.run(['build', '0'])
  expect(status).toBe(0)
  expect(stderr).toMatch(/^host: no event after "build": .*"built".*files.*\n$/u)
  expect((await described.traces()).types.filter((type) => type === 'built')).toHaveLength(1)
})

test('an asynchronous schema cannot check what a rule emits: the event is left out', async () => {
  const described = host('{ built: z.any().refine(async () => true) }')
  const { status, stderr } = await described.run(['build', '2'])
  expect(status).toBe(0)
  expect(stderr).toContain('host: no event after "build": the schema of "built" is asynchronous')
  expect((await described.traces()).types).not.toContain('built')
})

test('a type whose name is one of every object has no schema', async () => {
  const described =
    hostProject(`program.use(cliOps({ schemas: {}, commands: { go: { emits: 'constructor' } } }))
program.command('go').action(() => ({}))
await program.parseAsync()`)
  expect(await described.run(['go'])).toEqual({ status: 0, stdout: '', stderr: '' })
  expect((await described.traces()).types).toContain('constructor')
})

test('what is no schema keeps the commands from running', async () => {
  const { status, stdout, stderr } = await host('{ found: {} }').run(['announce', 'a1'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('schemas["found"] must be a Standard Schema')
})
