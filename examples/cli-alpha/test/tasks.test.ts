import { describe, expect, test } from 'vitest'

import { storedTask, User } from './cli-alpha.js'

describe('add and list', () => {
  test('keep a task with its tags and due date', async () => {
    const user = new User()
    const id = await user.add('Water the plants', '--tag', 'home', 'green', '--due', '2999-12-24')
    expect(id).toMatch(/^[a-z0-9]{5}$/)
    expect(await user.tasks()).toEqual([
      expect.objectContaining({
        id,
        title: 'Water the plants',
        tags: ['home', 'green'],
        due: '2999-12-24',
      }),
    ])
    expect(await user.ok('list')).toBe(`${id} [ ] Water the plants #home #green (due 2999-12-24)\n`)
  })

  test('list nothing if there is no store, and create none', async () => {
    const user = new User()
    expect(await user.ok('list')).toBe('')
    expect(await user.json('list')).toEqual([])
    expect(user.store()).toBeUndefined()
  })

  test('list only tasks with all the tags, and done ones only with --all', async () => {
    const user = new User()
    user.write('data/tasks.json', {
      version: 1,
      tasks: [
        storedTask('aaaaa', { tags: ['x', 'y'] }),
        storedTask('bbbbb', { tags: ['x'] }),
        storedTask('ccccc', { tags: ['x', 'y'], doneAt: '2026-01-02T00:00:00.000Z' }),
      ],
    })
    expect(await user.ok('list', '--tag', 'x', 'y')).toBe('aaaaa [ ] Task aaaaa #x #y\n')
    expect((await user.ok('list', '--all', '--tag', 'y')).split('\n')[1]).toMatch(/^ccccc \[x\]/)
  })

  test.each(['2026-02-30', 'soon', '+d', '20261224'])('refuse the due date %s', async (due) => {
    const user = new User()
    const { code, stderr } = await user.run(['add', 'x', '--due', due])
    expect(code).toBe(1)
    expect(stderr).toContain('Give a date such as 2026-12-24')
    expect(user.store()).toBeUndefined()
  })

  test('understand a due date given in words', async () => {
    const user = new User()
    await user.add('x', '--due', 'tomorrow')
    await user.add('y', '--due', '+1d')
    const [x, y] = await user.tasks()
    expect(x!.due).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(y!.due).toBe(x!.due)
  })

  test('do not let a title control the terminal', async () => {
    const user = new User()
    await user.add('a\u001B[2Jb\nc')
    expect(await user.ok('list')).toMatch(/^\w{5} \[ \] a \[2Jb c\n$/)
    expect((await user.tasks())[0]!.title).toBe('a\u001B[2Jb\nc')
  })
})

describe('done, edit and delete', () => {
  test('mark several tasks as done, once, and open again', async () => {
    const user = new User()
    const ids = [await user.add('a'), await user.add('b'), await user.add('c')]
    await user.ok('done', ids[0]!, ids[1]!)
    const done = await user.tasks()
    expect(done.map(({ doneAt }) => doneAt !== undefined)).toEqual([true, true, false])

    const again = await user.run(['done', ids[0]!])
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: 'nothing to change\n' })
    expect(await user.tasks()).toEqual(done)

    await user.ok('done', '--undo', ids[0]!)
    expect((await user.tasks())[0]).not.toHaveProperty('doneAt')
  })

  test('change only what was requested', async () => {
    const user = new User()
    const id = await user.add('Old', '--tag', 'a', 'b', '--due', '2999-01-01')
    await user.ok('edit', id, '--title', 'New', '--tag', 'c', '--untag', 'a')
    const [edited] = await user.tasks()
    expect(edited).toMatchObject({ id, title: 'New', tags: ['b', 'c'], due: '2999-01-01' })
    await user.ok('edit', id, '--no-due')
    const [task] = await user.tasks()
    expect(task).not.toHaveProperty('due')
    expect(task).toMatchObject({ title: 'New', tags: ['b', 'c'], createdAt: edited!.createdAt })
  })

  test('edit without a change is a mistake', async () => {
    const user = new User()
    const { code, stderr } = await user.run(['edit', await user.add('x')])
    expect(code).toBe(1)
    expect(stderr).toContain('cli-alpha: nothing to change: give --title')
  })

  test('delete by the beginning of an id', async () => {
    const user = new User()
    user.write('data/tasks.json', { version: 1, tasks: [storedTask('abcde'), storedTask('abxyz')] })
    expect(await user.ok('delete', 'abx')).toContain('deleted abxyz')
    expect((await user.tasks()).map(({ id }) => id)).toEqual(['abcde'])
  })

  test.each([
    [['delete', 'ab'], '"ab" is the beginning of several ids: abcde, abxyz'],
    [['done', 'zz'], 'no task has the id "zz"'],
    [['edit', '', '--title', 'x'], 'no task has the id ""'],
    [['delete', 'abc', 'zz'], 'no task has the id "zz"'],
  ])('%j changes nothing', async (args, message) => {
    const user = new User()
    user.write('data/tasks.json', { version: 1, tasks: [storedTask('abcde'), storedTask('abxyz')] })
    const before = user.store()
    const { code, stderr } = await user.run(args)
    expect(stderr).toBe(`cli-alpha: ${message}\n`)
    expect(code).toBe(1)
    expect(user.store()).toBe(before)
  })

  test('keep fields that a newer version has added', async () => {
    const user = new User()
    const task = { ...storedTask('abcde'), colour: 'red' }
    user.write('data/tasks.json', { version: 1, tasks: [task] })
    await user.ok('edit', 'abcde', '--title', 'New')
    expect(await user.tasks()).toEqual([expect.objectContaining({ title: 'New', colour: 'red' })])
  })
})

test('the plugin mounts its own commands', async () => {
  const user = new User()
  const help = await user.ok('--help')
  expect(help).toMatch(/^ {2}ops\b/m)
  expect(await user.ok('--version')).toBe('0.1.0\n')
})
