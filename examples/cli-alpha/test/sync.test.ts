import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { storedTask, User } from './cli-alpha.js'

const OLD = '2026-01-01T00:00:00.000Z'
const NEW = '2026-02-01T00:00:00.000Z'

test('adds new tasks, takes the newer of two versions, and does so once', async () => {
  const user = new User()
  user.write('data/tasks.json', {
    version: 1,
    tasks: [
      storedTask('older', { updatedAt: OLD, due: '2026-05-05' }),
      storedTask('newer', { updatedAt: NEW, title: 'Kept' }),
      storedTask('alone'),
    ],
  })
  const source = user.write('other.json', {
    version: 1,
    tasks: [
      storedTask('older', { updatedAt: NEW, title: 'Taken over', doneAt: NEW }),
      storedTask('newer', { updatedAt: OLD, title: 'Left' }),
      storedTask('fresh', { tags: ['t'] }),
    ],
  })
  expect(await user.json('sync', '--from', source)).toEqual({ incoming: 3, created: 1, updated: 1 })
  expect(await user.tasks()).toEqual([
    storedTask('older', { updatedAt: NEW, title: 'Taken over', doneAt: NEW }),
    storedTask('newer', { updatedAt: NEW, title: 'Kept' }),
    storedTask('alone'),
    storedTask('fresh', { tags: ['t'] }),
  ])
  expect(await user.json('sync', '--from', source)).toEqual({ incoming: 3, created: 0, updated: 0 })
})

test('leaves out another task with the same id', async () => {
  const user = new User()
  user.write('data/tasks.json', { version: 1, tasks: [storedTask('same')] })
  const source = user.write('other.json', [storedTask('same', { createdAt: NEW, updatedAt: NEW })])
  const { code, stderr } = await user.run(['sync', '--from', source])
  expect(code).toBe(0)
  expect(stderr).toContain('left out same')
  expect(await user.tasks()).toEqual([storedTask('same')])
})

test('merges every JSON file of a directory', async () => {
  const user = new User()
  user.write('team/b.json', [storedTask('from-b')])
  user.write('team/a.json', { version: 1, tasks: [storedTask('from-a')] })
  user.write('team/readme.txt', 'no tasks')
  await user.ok('sync', '--from', join(user.root, 'team'))
  expect((await user.tasks()).map(({ id }) => id)).toEqual(['from-a', 'from-b'])
})

test('writes a Markdown board', async () => {
  const user = new User()
  user.write('data/tasks.json', {
    version: 1,
    tasks: [
      storedTask('one', { title: 'Use *stars*\nand [links]', tags: ['a'], due: '2026-03-01' }),
      storedTask('two', { doneAt: NEW }),
    ],
  })
  await user.ok('sync', '--board', 'board.md')
  expect(readFileSync(join(user.root, 'board.md'), 'utf8')).toBe(`# Tasks

## Open (1)

- [ ] Use \\*stars\\* and \\[links\\] (#a, due 2026-03-01) \`one\`

## Done (1)

- [x] Task two \`two\`
`)
})

test('a board that cannot be written stops the whole sync', async () => {
  const user = new User()
  const source = user.write('other.json', [storedTask('fresh')])
  const { code, stderr } = await user.run(['sync', '--from', source, '--board', source + '/b.md'])
  expect(stderr).toMatch(/^cli-alpha: cannot write .*b\.md: (EEXIST|ENOTDIR)/m)
  expect(code).toBe(74)
  expect(user.store()).toBeUndefined()
})

test('takes its source from the settings', async () => {
  const user = new User()
  user.write('other.json', [storedTask('fresh')])
  await user.ok('config', 'set', 'sync.from', 'other.json')
  await user.ok('sync')
  expect((await user.tasks()).map(({ id }) => id)).toEqual(['fresh'])
})

test.each([
  [[], 1, /nothing to sync with: give --from or --board/],
  [['--from', 'missing.json'], 74, /cannot read missing\.json: ENOENT/],
  [['--from', 'garbage.json'], 65, /garbage\.json cannot be understood/],
  [['--from', 'team'], 65, /team\/bad\.json cannot be understood: task 2 has no title/],
  [['--from', 'garbage.json', '--pace', 'slow'], 1, /Give milliseconds/],
])('sync %j changes nothing', async (args, exitCode, message) => {
  const user = new User()
  user.write('garbage.json', 'garbage')
  user.write('team/bad.json', [storedTask('fine'), { id: 'x' }])
  const { code, stderr } = await user.run(['sync', ...args])
  expect(stderr).toMatch(message)
  expect(code).toBe(exitCode)
  expect(user.store()).toBeUndefined()
})
