import { expect, test } from 'vitest'

import { storedProject, User } from './cli-gamma.js'

test('create and list keep projects, one of each name', async () => {
  const user = new User()
  const id = await user.create('concert')
  expect(id).toMatch(/^[a-z0-9]{5}$/)
  expect(await user.ok('list')).toBe(`${id} concert\n`)
  const again = await user.run(['create', 'concert'])
  expect(again).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `cli-gamma: there is a project "concert" already: ${id}\n`,
  })
  expect(await user.projects()).toEqual([expect.objectContaining({ id, name: 'concert' })])
})

test('ten concurrent creates create ten projects', async () => {
  const user = new User()
  const names = Array.from({ length: 10 }, (_, index) => `p${index}`)
  await Promise.all(names.map((name) => user.ok('create', name)))
  expect((await user.projects()).map(({ name }) => name).sort()).toEqual(names)
})

test('the event that package.json declares has the project as its data', async () => {
  const user = new User()
  const id = await user.create('concert')
  await user.run(['create', 'concert'])
  const events = await user.withOps((ops) => ops.events.read('project:created'))
  expect(events).toEqual([
    expect.objectContaining({ data: expect.objectContaining({ id, name: 'concert' }) as object }),
  ])
})

test.each([
  ['no JSON', '{"version":1,"projects":[', /cannot be understood: .*JSON/],
  ['another version', '{"version":2,"projects":[]}', /its version is 2, not 1/],
  ['no list', '{"version":1,"projects":{}}', /it has no list of projects/],
  [
    'an id that leads elsewhere',
    JSON.stringify([storedProject('../../../etc/passwd')]),
    /project 1 has no id/,
  ],
  [
    'two projects with one id',
    JSON.stringify([storedProject('a'), storedProject('a')]),
    /two projects have the id "a"/,
  ],
])('leaves a store with %s unchanged', async (_what, content, message) => {
  const user = new User()
  user.write('gamma/projects.json', content)
  const text = await user.run(['create', 'x'])
  expect(text.stderr).toMatch(message)
  expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 65, stdout: '' })

  const json = await user.run(['list', '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({
    error: { message: expect.stringMatching(message) as string },
  })
  expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 65, stderr: '' })
  expect(user.store()).toBe(content)
})

test('a usage error is oclif’s own', async () => {
  const user = new User()
  const { code, stderr } = await user.run(['create'])
  expect(stderr).toContain('Missing 1 required arg')
  expect(code).toBe(2)
})

test('the plugin adds its own commands', async () => {
  const user = new User()
  expect(await user.ok('ops', 'status')).toContain(user.home)
  expect(await user.ok('--version')).toMatch(/^cli-gamma\/0\.1\.0 /)
})
