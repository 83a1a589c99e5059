import { interleave } from '../harness/interleave.mjs'
import { cliCommand } from './cli-runner.mjs'
import { makeCleanUpDue, makeHomeNew } from './home-states.mjs'

/**
 * Measures the CPU time of commands with the plugin beside the same commands without it.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {import('../harness/cpu-meter.mjs').CpuMeter} meter
 * @param {import('./measure-startup.mjs').Variants} variants
 * @param {import('./measure-startup.mjs').MeasuredFramework} framework
 */
export async function measureCpu(reporter, meter, { plain, plugin, naive }, { name, commands }) {
  const peer = (/** @type {number[]} */ samples) => ({ name: 'without the plugin', samples })
  const unit = 'ms CPU'

  /** @param {import('./cli-runner.mjs').Cli} cli @param {readonly string[]} args */
  const cpuOf = (cli, args) => async () => {
    const { cpuMs, exitCode } = await meter.run(cliCommand(cli, args))
    if (exitCode !== 0) throw new Error(`${cli.file} ${args.join(' ')} ended with ${exitCode}`)
    return cpuMs
  }
  /**
   * @template {string} Name
   * @param {string} what
   * @param {number} full
   * @param {Record<Name, () => Promise<number>>} turns
   */
  const inTurns = (what, full, turns) => {
    const rounds = reporter.times(full)
    return interleave(turns, {
      rounds,
      onRound: (round) => reporter.progress(`${name}: ${what} ${Math.max(round + 1, 0)}/${rounds}`),
    })
  }

  const usual = await inTurns('commands', 100, {
    plain: cpuOf(plain, commands.plain),
    again: cpuOf(plain, commands.plain),
    plugin: cpuOf(plugin, commands.plain),
    lockPlain: cpuOf(plain, commands.locked),
    lockPlugin: cpuOf(plugin, commands.locked),
  })
  reporter.compare({
    what: 'a command',
    unit,
    ours: usual.plugin,
    peer: peer(usual.plain),
    goals: [{ atMost: 1.06 }],
  })
  reporter.compare({
    what: 'a command with one uncontended lock',
    unit,
    ours: usual.lockPlugin,
    peer: peer(usual.lockPlain),
    goals: [{ atMost: 1.08 }],
  })

  for (const option of ['--help', '--version']) {
    const { with: ours, without } = await inTurns(option, 60, {
      with: cpuOf(plugin, [option]),
      without: cpuOf(plain, [option]),
    })
    reporter.compare({ what: option, unit, ours, peer: peer(without), goals: [{ atMost: 1.03 }] })
  }

  const rare = await inTurns('rare runs', 20, {
    plain: cpuOf(plain, commands.plain),
    first: () => {
      makeHomeNew(plugin.home)
      return cpuOf(plugin, commands.plain)()
    },
    // The run before it, measured or not, has left a home.
    cleanUp: async () => {
      await cpuOf(plugin, commands.plain)()
      makeCleanUpDue(plugin.home)
      return cpuOf(plugin, commands.plain)()
    },
    naive: cpuOf(naive, commands.plain),
  })
  reporter.compare({
    what: 'the very first command, which makes the home',
    unit,
    ours: rare.first,
    peer: peer(rare.plain),
  })
  reporter.compare({
    what: 'a command that cleans up, one a minute',
    unit,
    ours: rare.cleanUp,
    peer: peer(rare.plain),
  })
  reporter.compare({
    what: 'to compare: chokidar, proper-lockfile and zod imported at the top',
    unit,
    ours: rare.naive,
    peer: peer(rare.plain),
  })
  reporter.compare({
    what: 'noise of this run: without the plugin ÷ itself',
    unit,
    ours: usual.again,
    peer: peer(usual.plain),
  })
}
