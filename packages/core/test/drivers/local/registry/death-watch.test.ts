import { ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { DEATH_PULSE_MS, PULSE_MS } from '../../../../src/base/process/pulse.js'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { DeathWatch } from '../../../../src/drivers/local/registry/death-watch.js'
import { startScript } from '../../../fixtures/start-script.js'
import { StayingCommand } from '../../../fixtures/start-staying-command.js'
import { namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'
import { temporaryRuntime } from '../../../fixtures/temporary-runtime.js'

temporaryRuntime()

/** A watch whose pulse beats only when the test says so. */
function startWatch(home: string) {
  let beat: (() => void) | undefined
  let everyMs: number | undefined
  const deaths = new DeathWatch(new Home(home, '', nodeFileSystem), (listener, options) => {
    beat = listener
    everyMs = options?.everyMs
    return () => {
      beat = undefined
      everyMs = undefined
    }
  })
  deaths.start()
  onTestFinished(() => {
    deaths.stop()
  })
  return { beat: () => beat?.(), everyMs: () => everyMs }
}

const records = (home: string): string[] => namesIn(home, 'registry')

test.runIf(process.platform === 'linux')(
  'the kernel tells that a registered process was killed, without a check at a pulse',
  async () => {
    const home = temporaryHome()
    const server = startScript('busy-server.mjs', [], { CLI_OPS_HOME: home })
    await server.line()
    const watch = startWatch(home)
    watch.beat()
    expect(watch.everyMs()).toBe(PULSE_MS)
    server.child.kill('SIGKILL')
    await expect.poll(() => records(home)).toEqual([])
  },
)

test('a command without a file that tells of its end is checked every second', async () => {
  const home = temporaryHome()
  const command = await StayingCommand.start(home)
  const watch = startWatch(home)
  for (let beats = 0; beats < 5; beats += 1) {
    watch.beat()
    expect(watch.everyMs()).toBe(DEATH_PULSE_MS)
  }
  await command.kill()
  watch.beat()
  expect(records(home)).toEqual([])
  watch.beat()
  expect(watch.everyMs()).toBeUndefined()
})

test('a process that ends is told of where the file system reports no changes', async () => {
  const home = temporaryHome()
  const command = await StayingCommand.start(home)
  const silent = Object.create(nodeFileSystem, {
    watch: { value: () => ({ close: () => undefined }) },
  }) as typeof nodeFileSystem
  let beat: (() => void) | undefined
  const deaths = new DeathWatch(new Home(home, '', silent), (listener) => {
    beat = listener
    return () => undefined
  })
  let hints = 0
  const stop = deaths.watch(() => (hints += 1))
  onTestFinished(stop)
  beat?.()
  beat?.()
  expect(hints).toBe(1)
  await command.kill()
  beat?.()
  expect(hints).toBe(2)
})

test('a watch of the registry reports a killed server', async () => {
  const home = temporaryHome()
  const server = startScript('busy-server.mjs', [], { CLI_OPS_HOME: home })
  await server.line()
  await using registry = new ServiceRegistry({ home })
  const changes = registry.watch()
  expect(await changes.next()).toMatchObject({ value: { type: 'up', service: { name: 'srv' } } })
  const down = changes.next()
  server.child.kill('SIGKILL')
  expect(await down).toMatchObject({ value: { type: 'down', service: { name: 'srv' } } })
})
