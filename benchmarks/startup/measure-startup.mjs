import { join } from 'node:path'
import { openCpuMeter } from '../harness/cpu-meter.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { assertPluginWorks } from './assert-plugin-works.mjs'
import { installFixture } from './install-fixture.mjs'
import { measureCpu } from './measure-cpu.mjs'
import { measureInstructions } from './measure-instructions.mjs'
import { measureLoaded } from './measure-loaded.mjs'

/**
 * @typedef {import('./install-fixture.mjs').Framework & {
 *   commands: { plain: readonly string[], locked: readonly string[] }, lockedResource: string,
 * }} MeasuredFramework
 * @typedef {Record<'plain' | 'plugin' | 'naive', import('./cli-runner.mjs').Cli>} Variants
 *   `naive` imports chokidar, proper-lockfile and zod at its top, as a hasty plugin would.
 */

/**
 * Measures all start-up rows of one framework. Each framework is a separate module that passes its table entry.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {MeasuredFramework} framework
 */
export async function measureStartup(reporter, framework) {
  const files = installFixture(framework, ['plain', 'plugin', 'naive'])
  const scratch = temporaryFolder()
  /** @type {Variants} */
  const variants = {
    plain: { file: files.plain, home: join(scratch, 'home-plain') },
    plugin: { file: files.plugin, home: join(scratch, 'home') },
    naive: { file: files.naive, home: join(scratch, 'home-naive') },
  }
  await assertPluginWorks(variants, framework)
  measureLoaded(reporter, variants, framework, scratch)
  const meter = openCpuMeter()
  if (meter === undefined) {
    reporter.couldNotRun('CPU time', 'it needs python3 or bash, and neither is installed')
  } else {
    await measureCpu(reporter, meter, variants, framework)
    reporter.note(`CPU time is user + system of the whole process, in ${meter.precision}.`)
    meter.close()
  }
  if (reporter.instructions) measureInstructions(reporter, variants, framework, scratch)
}
