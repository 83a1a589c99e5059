import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openCpuMeter } from '../harness/cpu-meter.mjs'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { cliCommand } from '../startup/cli-runner.mjs'
import { installFixture } from '../startup/install-fixture.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'A command on Redis'

/** A companion works on after its host has ended, and must not do so during the next measurement. */
const COMPANION_MS = 600

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const meter = openCpuMeter()
  if (meter === undefined) {
    reporter.couldNotRun('a command', 'it needs python3 or bash, and neither is installed')
    return
  }
  const server = await startRedis()
  const base = temporaryFolder()
  const libraries = ['commander', 'ioredis']
  const framework = { name: 'commander', plugin: '@cli-ops/commander-plugin', libraries }
  const files = installFixture(framework, /** @type {const} */ (['plain', 'plugin']), base)

  /** @param {'plain' | 'plugin'} variant @param {string[]} args */
  const wallOf = (variant, args) => async () => {
    const command = cliCommand({ file: files[variant], home: join(base, variant) }, args)
    const env = { ...command.env, CLI_OPS_URL: server.url }
    const { wallMs, exitCode } = await meter.run({ ...command, env })
    if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}`)
    await delay(COMPANION_MS)
    return wallMs
  }
  const [add, sync] = [['add', 'write a test'], ['sync']]
  const samples = await interleave(
    {
      plain: wallOf('plain', add),
      events: wallOf('plugin', add),
      lockPlain: wallOf('plain', sync),
      lock: wallOf('plugin', sync),
    },
    { rounds: reporter.times(40) },
  )
  /** @param {number[]} ours @param {number[]} peer */
  const added = (ours, peer) => ours.map((ms, index) => ms - /** @type {number} */ (peer[index]))
  reporter.figure({
    what: 'added to a command: registration, events, its end',
    unit: 'ms',
    ours: added(samples.events, samples.plain),
    goals: [{ atMost: 15 }],
  })
  reporter.figure({
    what: 'added to a command with a free lock, which waits for the companion to start and connect',
    unit: 'ms',
    ours: added(samples.lock, samples.lockPlain),
  })
  meter.close()
  server.stop()
}
