import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import { inContainer, noContainers, startActor, whyNot } from './container.js'

const CLI = `${process.execPath} ${join(root, 'packages/cli/dist/main.js')}`

/** Programs that start others; each leaves the process its identity or gives it another one. */
const WRAPPERS: readonly (readonly string[])[] = [
  ['timeout', '600'],
  ['nohup'],
  ['setsid', '--wait'],
  ['nice', '-n', '1'],
  ['unshare', '--user', '--map-root-user'],
  ['unshare', '--mount'],
  ['unshare', '--time', '--fork'],
]

describe('a holder started with', () => {
  test.for(WRAPPERS.map((wrapper) => ({ name: wrapper.join(' '), wrapper })))(
    '$name keeps its lock, and is followed when it is killed',
    async ({ wrapper }, context) => {
      const reason = whyNot([...wrapper, 'true'])
      context.skip(reason !== undefined, reason)
      const home = temporaryHome()
      const holder = await startActor(home, wrapper)
      const other = await startActor(home, [])
      await holder.call('lock', { resource: 'db' })
      expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
      process.kill(await holder.call('pid'), 'SIGKILL')
      await other.call('lock', { resource: 'db' })
    },
  )
})

describe('programs started side by side', () => {
  const step = `sh -c 'n=$(cat count); sleep 0.01; echo $((n + 1)) > count'`
  const run = `${CLI} run --lock count -- ${step}`

  test.each([
    ['xargs -P', `seq 8 | xargs -P 4 -I{} sh ./step`],
    ['make -j', 'make -s -j 4'],
    ['a shell', 'for n in 1 2 3 4 5 6 7 8; do sh ./step & done; wait'],
  ])('by %s take turns', (name, command) => {
    const home = temporaryHome()
    const folder = join(home, 'work')
    mkdirSync(folder)
    writeFileSync(join(folder, 'count'), '0\n')
    writeFileSync(join(folder, 'step'), run)
    const targets = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `t${n}`).join(' ')
    writeFileSync(join(folder, 'Makefile'), `all: ${targets}\n${targets}:\n\tsh ./step\n`)
    const env = { ...process.env, CLI_OPS_HOME: join(home, 'ops') }
    const { status } = spawnSync('sh', ['-c', command], { cwd: folder, env, stdio: 'ignore' })
    expect({ name, status }).toEqual({ name, status: 0 })
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('8\n')
  })
})

describe('cli-ops run within another program', () => {
  /** Returns what a shell script prints, and how it ends. */
  function sh(
    script: string,
    files: Record<string, string> = {},
  ): { status: number | null; stdout: string } {
    const home = temporaryHome()
    mkdirSync(join(home, 'work'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, 'work', name), text)
    const env = { ...process.env, CLI_OPS_HOME: join(home, 'ops'), RUN: `${CLI} run --lock db` }
    const { status, stdout } = spawnSync('sh', ['-c', script], {
      cwd: join(home, 'work'),
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return { status, stdout }
  }

  const EMITS = ['', '-e a:done']

  /**
   * Creates a file as it begins, and reports how often it was asked to end: programs understand a second time as
   * "immediately".
   */
  const COUNTS = `node -e "
    let asked = 0
    process.on('SIGTERM', () => {
      if (asked++ === 0) setTimeout(() => { console.log('asked', asked); process.exit(5) }, 300)
    })
    require('fs').writeFileSync('began', '')
    setInterval(() => {}, 1000)"`
  const BEGAN = 'until [ -e began ]; do sleep 0.05; done'

  test.each(EMITS)('timeout ends the program, and says so (%s)', (emit) => {
    const script = `timeout 5 $RUN ${emit} -- ${COUNTS}; echo $?; $RUN -n true; echo $?`
    expect(sh(script).stdout).toBe('asked 1\n124\n0\n')
  })

  test.each(EMITS)('a script that ends its whole group asks the program once (%s)', (emit) => {
    const script = `$RUN ${emit} -- ${COUNTS} & ${BEGAN}; trap '' TERM; kill 0; wait $!; echo $?`
    expect(sh('setsid --wait sh ./script', { script }).stdout).toBe('asked 1\n5\n')
  })

  test.each(EMITS)('a signal to the run alone reaches its program (%s)', (emit) => {
    const script = `$RUN ${emit} -- ${COUNTS} & ${BEGAN}; kill $!; wait $!; echo $?`
    expect(sh(script).stdout).toBe('asked 1\n5\n')
    const deaf = { script: `trap '' TERM; ${script}` }
    expect(sh('setsid --wait sh ./script', deaf).stdout).toBe('asked 1\n5\n')
  })

  test.each(EMITS)('timeout -k is not needed with --kill-after (%s)', (emit) => {
    const script = `timeout 3 $RUN ${emit} --kill-after 200ms -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'; echo $?; $RUN -n true; echo $?`
    expect(sh(script).stdout).toBe('137\n0\n')
  })

  test.each(EMITS)('timeout inside is a program like any other (%s)', (emit) => {
    expect(sh(`$RUN ${emit} -- timeout 0.2 sleep 60; echo $?; $RUN -n true; echo $?`).stdout).toBe(
      '124\n0\n',
    )
  })

  test.each(EMITS)('nohup inside keeps the program from a hang-up (%s)', (emit) => {
    const script = `$RUN ${emit} -- nohup sh -c 'kill -HUP $$; echo alive'; echo $?`
    expect(sh(script).stdout).toBe('alive\n0\n')
  })

  test.each(EMITS)('nohup outside changes nothing (%s)', (emit) => {
    expect(sh(`nohup $RUN ${emit} -- sh -c 'echo in; exit 3'; echo $?`).stdout).toBe('in\n3\n')
  })

  test.each(EMITS)('setsid, outside and inside (%s)', (emit) => {
    const inside = `$RUN ${emit} -- setsid --wait sh -c 'echo in; exit 3'; echo $?`
    expect(sh(`setsid --wait ${inside}`).stdout).toBe('in\n3\n')
    expect(sh(inside).stdout).toBe('in\n3\n')
  })

  test.each(EMITS)('the job server of make works through it (%s)', (emit) => {
    const makefile = String.raw`all: ; +@$$RUN ${emit} -- $(MAKE) -s -f inner\n`
    const inner = String.raw`.PHONY: a b c\nall: a b c\na b c: ; @echo made\n`
    const script = `printf '${makefile.replaceAll("'", '')}' >Makefile; printf '${inner}' >inner; make -s -j 3 2>&1`
    expect(sh(script)).toEqual({ status: 0, stdout: 'made\nmade\nmade\n' })
  })

  test.each(EMITS)('xargs -P inside runs its commands under one lock (%s)', (emit) => {
    const script = `$RUN ${emit} -- sh -c 'seq 3 | xargs -P 3 -n 1 echo' | sort`
    expect(sh(script).stdout).toBe('1\n2\n3\n')
  })
})

describe('a home on an overlay', () => {
  test('is the same for processes and for containers', async (context) => {
    const parts = temporaryHome()
    for (const name of ['lower', 'upper', 'work', 'home'])
      mkdirSync(join(parts, name), { mode: 0o700 })
    const layers = `lowerdir=${parts}/lower,upperdir=${parts}/upper,workdir=${parts}/work`
    const home = join(parts, 'home')
    const reason = whyNot(['mount', '-t', 'overlay', 'overlay', '-o', layers, home])
    context.skip(reason !== undefined, reason)
    onTestFinished(() => void spawnSync('umount', ['-l', home]))
    context.skip(noContainers !== undefined, noContainers)
    const [holder, other] = [
      await startActor(home, inContainer()),
      await startActor(home, inContainer()),
    ]
    await holder.call('lock', { resource: 'db' })
    expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
    await holder.kill()
    await other.call('lock', { resource: 'db' })
    expect(await (await startActor(home, [])).call('tryLock', { resource: 'db' })).toBeNull()
  })
})
