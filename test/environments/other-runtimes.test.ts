import { basename } from 'node:path'

import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import { RUNTIME } from '../behaviour/run-host.js'
import { inContainer, noContainers, whyNot } from './container.js'

/** Another runtime than Node, with a command line that allows it everything its user may do. */
interface OtherRuntime {
  readonly name: string
  readonly command: readonly string[]
  /** Why it cannot be tested here. */
  readonly whyNot: string | undefined
}

const { MATRIX_RUNTIME } = process.env
const DENO = find('deno', ['run', '-A'])
const BUN = find('bun', [])

/** Finds a runtime in PATH, or the one that `npm run test:matrix` has installed. */
function find(name: string, args: readonly string[]): OtherRuntime {
  const [executable = name] = MATRIX_RUNTIME === undefined ? [] : RUNTIME
  const isOther = basename(executable, '.exe') !== name
  return {
    name,
    command: [executable, ...args],
    whyNot: isOther ? 'not wanted' : whyNot([executable, '--version']),
  }
}

async function start(
  home: string,
  runtime: readonly string[],
  within: readonly string[] = [],
): Promise<LockActor> {
  const actor = await LockActor.start(home, within, runtime)
  onTestFinished(() => actor.kill())
  return actor
}

function locksOfNode(home: string): LockManager {
  const locks = new LockManager({ home })
  onTestFinished(() => locks.close())
  return locks
}

describe('locks in containers and without rights', () => {
  describe.each([DENO, BUN])('on $name', (runtime) => {
    describe.skipIf(runtime.whyNot !== undefined)(
      `(${runtime.whyNot ?? 'with all rights'})`,
      () => {
        const { command } = runtime

        test('a holder keeps its lock against all others, and is followed when it is killed', async () => {
          const home = temporaryHome()
          const [holder, other] = [await start(home, command), await start(home, command)]
          const locks = locksOfNode(home)
          await holder.call('lock', { resource: 'db' })
          expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
          expect(await locks.tryLock('db')).toBeNull()
          await holder.kill()
          await other.call('lock', { resource: 'db' })
          expect(await locks.tryLock('db')).toBeNull()
          await other.kill()
          await (await locks.lock('db')).release()
        })

        describe.skipIf(noContainers !== undefined)(
          `in containers (${noContainers ?? 'all'})`,
          () => {
            test('a holder keeps its lock against all others, and is followed when its container is killed', async () => {
              const home = temporaryHome()
              const [holder, other] = [
                await start(home, command, inContainer()),
                await start(home, command, inContainer()),
              ]
              const node = await start(home, [process.execPath], inContainer())
              await holder.call('lock', { resource: 'db' })
              expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
              expect(await node.call('tryLock', { resource: 'db' })).toBeNull()
              await holder.kill()
              await other.call('lock', { resource: 'db' })
              expect(await node.call('tryLock', { resource: 'db' })).toBeNull()
              await other.kill()
              await node.call('lock', { resource: 'db' })
            })
          },
        )
      },
    )
  })

  describe.skipIf(DENO.whyNot !== undefined)(
    `on deno without -A (${DENO.whyNot ?? 'some rights'})`,
    () => {
      /**
       * What the kit cannot do without: its files, the home, the environment, and its user. The process table requires
       * all rights.
       */
      const restricted = (home: string): readonly string[] => [
        DENO.command[0]!,
        'run',
        '--no-prompt',
        `--allow-read=${root},${home}`,
        `--allow-write=${home}`,
        '--allow-env',
        '--allow-sys',
      ]

      test('two in containers do not take each other’s locks', async (context) => {
        context.skip(noContainers !== undefined, noContainers)
        const home = temporaryHome()
        const [holder, other] = [
          await start(home, restricted(home), inContainer()),
          await start(home, restricted(home), inContainer()),
        ]
        await holder.call('lock', { resource: 'db' })
        expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
        await holder.call('release', { as: 'db' })
        await other.call('lock', { resource: 'db' })
      })

      test('two do not take each other’s locks, and neither Node nor one with all rights takes theirs', async () => {
        const home = temporaryHome()
        const [holder, other] = [
          await start(home, restricted(home)),
          await start(home, restricted(home)),
        ]
        const able = await start(home, DENO.command)
        const locks = locksOfNode(home)
        await holder.call('lock', { resource: 'db' })
        expect(namesIn(home, 'locks', 'db.lock').join()).toMatch(/\.s\.b\.n\./u)
        expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
        expect(await able.call('tryLock', { resource: 'db' })).toBeNull()
        expect(await locks.tryLock('db')).toBeNull()
        expect((await locks.inspect('db'))?.owner.state).toBe('unknown')
        const granted = other.call('lock', { resource: 'db' })
        await other.waits('db')
        await holder.call('release', { as: 'db' })
        await granted
      })

      test('one takes no lock from Node or from one with all rights', async () => {
        const home = temporaryHome()
        const able = await start(home, DENO.command)
        const other = await start(home, restricted(home))
        const held = await locksOfNode(home).lock('of-node')
        await able.call('lock', { resource: 'of-deno' })
        expect(await other.call('tryLock', { resource: 'of-node' })).toBeNull()
        expect(await other.call('tryLock', { resource: 'of-deno' })).toBeNull()
        await held.release()
        expect(await other.call('tryLock', { resource: 'of-node' })).not.toBeNull()
      })

      test('requests a missing permission by name, before it holds anything', async () => {
        const home = temporaryHome()
        const without = restricted(home).filter((right) => !right.startsWith('--allow-sys'))
        const actor = await start(home, without)
        await expect(actor.call('lock', { resource: 'db' })).rejects.toThrow(/--allow-sys/u)
        expect(namesIn(home, 'locks')).toEqual([])
      })
    },
  )
})
