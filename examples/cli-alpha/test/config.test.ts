import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { storedTask, User } from './cli-alpha.js'

test('sets, gets, lists and removes settings, and keeps unknown ones', async () => {
  const user = new User()
  user.write('config/config.json', { list: { wide: true }, mine: 1 })
  await user.ok('config', 'set', 'list.sort', 'due')
  expect(await user.ok('config', 'get', 'list.sort')).toBe('due\n')
  expect(JSON.parse(readFileSync(user.settingsFile, 'utf8'))).toEqual({
    list: { wide: true, sort: 'due' },
    mine: 1,
  })
  expect(await user.json('config', 'list')).toEqual({
    'list.sort': 'due',
    'sync.from': null,
    'sync.board': null,
  })
  await user.ok('config', 'unset', 'list.sort')
  const { code, stderr } = await user.run(['config', 'get', 'list.sort'])
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'cli-alpha: list.sort is not set\n' })
})

test('list sorts by the settings', async () => {
  const user = new User()
  user.write('data/tasks.json', {
    version: 1,
    tasks: [
      storedTask('none'),
      storedTask('late', { due: '2999-02-02' }),
      storedTask('soon', { due: '2999-01-01' }),
    ],
  })
  const order = async () => (await user.tasks()).map(({ id }) => id)
  expect(await order()).toEqual(['none', 'late', 'soon'])
  await user.ok('config', 'set', 'list.sort', 'due')
  expect(await order()).toEqual(['soon', 'late', 'none'])
})

test.each([
  [['set', 'list.sort', 'random'], 'list.sort must be created or due, got "random"'],
  [['set', '__proto__', 'x'], 'there is no setting "__proto__"; there are list.sort'],
  [['get', 'constructor'], 'there is no setting "constructor"'],
])('refuses config %j', async (args, message) => {
  const user = new User()
  const { code, stderr } = await user.run(['config', ...args])
  expect(stderr).toContain(`cli-alpha: ${message}`)
  expect(code).toBe(1)
})

test.each(['{ "list": ', '[]', '{ "list": { "sort": 5 } }'])(
  'leaves a settings file with %s unchanged',
  async (content) => {
    const user = new User()
    user.write('config/config.json', content)
    const { code, stderr } = await user.run(['config', 'set', 'list.sort', 'due'])
    expect(stderr).toContain(`${user.settingsFile} cannot be understood`)
    expect(code).toBe(65)
    expect(readFileSync(user.settingsFile, 'utf8')).toBe(content)
  },
)

test('concurrent changes keep all settings', async () => {
  const user = new User()
  const all = { 'list.sort': 'due', 'sync.from': '/x', 'sync.board': '/y' }
  await Promise.all(Object.entries(all).map(([key, value]) => user.ok('config', 'set', key, value)))
  expect(await user.json('config', 'list')).toEqual(all)
})
