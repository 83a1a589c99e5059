import { describe, expect, test } from 'vitest'

import { storedItem, User } from './cli-beta.js'

test('add, edit, list and remove work together', async () => {
  const user = new User()
  const id = await user.add('Two amplifiers', '--project', 'concert')
  await user.add('A piano')
  expect(id).toMatch(/^[a-z0-9]{5}$/)
  expect(await user.ok('list', '--project', 'concert')).toBe(`${id} [ ] Two amplifiers @concert\n`)

  await user.ok('edit', id, '--name', 'Three amplifiers', '--project', '', '--done')
  const [edited] = await user.items()
  expect(edited).toMatchObject({ id, name: 'Three amplifiers' })
  expect(edited).not.toHaveProperty('project')
  expect(edited!.doneAt).toBeDefined()
  expect(await user.ok('list')).not.toContain('amplifiers')

  await user.ok('edit', id, '--no-done')
  expect((await user.items())[0]).not.toHaveProperty('doneAt')
  expect(await user.ok('remove', id.slice(0, 4))).toContain(`removed ${id}`)
  expect(await user.names()).toEqual(['A piano'])
})

test('a command that changes nothing says so and writes nothing', async () => {
  const user = new User()
  const id = await user.add('Same')
  const before = user.store()
  const edit = await user.run(['edit', id, '--name', 'Same'])
  expect(edit).toMatchObject({ code: 0, stdout: '', stderr: 'nothing to change\n' })
  expect(user.store()).toBe(before)
})

test('a name does not control the terminal', async () => {
  const user = new User()
  await user.add('a\u001B[2Jb\nc')
  expect(await user.ok('list')).toMatch(/^\w{5} \[ \] a \[2Jb c\n$/)
})

test('fields that a newer version has added are kept', async () => {
  const user = new User()
  const item = { ...storedItem('abcde'), colour: 'red' }
  user.write('beta/items.json', { version: 1, items: [item] })
  await user.ok('edit', 'abcde', '--name', 'New')
  expect(await user.items()).toEqual([expect.objectContaining({ name: 'New', colour: 'red' })])
})

describe('mistakes change nothing', () => {
  test.each([
    [['remove', 'zz'], 'no item has the id "zz"'],
    [['remove', 'abc', 'zz'], 'no item has the id "zz"'],
    [['edit', 'ab', '--done'], '"ab" is the beginning of several ids: abcde, abxyz'],
    [['edit', 'abc'], 'nothing to change: give --name, --project, --done or --no-done'],
    [['edit', 'abc', '--name', ''], 'an item must have a name'],
  ])('%j', async (args, message) => {
    const user = new User()
    const items = [storedItem('abcde'), storedItem('abxyz')]
    user.write('beta/items.json', { version: 1, items })
    const before = user.store()
    const { code, stderr } = await user.run(args)
    expect(stderr).toBe(`cli-beta: ${message}\n`)
    expect(code).toBe(1)
    expect(user.store()).toBe(before)
  })

  test.each([
    [['nonsense'], 'Unknown argument: nonsense'],
    [['add'], 'Not enough non-option arguments'],
    [['list', '--colour'], 'Unknown argument: colour'],
    [[], 'say what to do'],
  ])('in usage, %j: the help, and no coordination', async (args, message) => {
    const user = new User()
    const { code, stderr, stdout } = await user.run(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('Options:')
    expect(stderr).toContain(message)
    expect(user.read('ops/events')).toBeUndefined()
  })
})

test.each([
  ['no JSON', '{"version":1,"items":[', /cannot be understood: .*JSON/],
  ['another version', '{"version":2,"items":[]}', /its version is 2, not 1/],
  ['no list', '{"version":1,"items":{}}', /it has no list of items/],
  ['an item without a name', '{"version":1,"items":[{"id":"a"}]}', /item 1 has no name/],
  ['no event', '{"version":1,"items":[],"followed":7}', /"followed" names no event/],
  [
    'two items with one id',
    JSON.stringify({ version: 1, items: [storedItem('a'), storedItem('a')] }),
    /two items have the id "a"/,
  ],
])('leaves a store with %s unchanged', async (_what, content, message) => {
  const user = new User()
  user.write('beta/items.json', content)
  for (const args of [['list'], ['add', 'x', '--json']]) {
    const { code, stderr, stdout } = await user.run(args)
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 65, stdout: '' })
  }
  expect(user.store()).toBe(content)
})

test('the plugin mounts its own commands', async () => {
  const user = new User()
  expect(await user.ok('--help')).toMatch(/cli-beta ops\b/)
  expect(await user.ok('ops', '--help')).toContain('doctor')
  expect(await user.ok('--version')).toBe('0.1.0\n')
})
