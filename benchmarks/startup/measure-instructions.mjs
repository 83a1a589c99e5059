import { canCountInstructions } from '../harness/count-instructions.mjs'
import { countInstructions } from './instructions.mjs'

/**
 * Compares commands by the machine instructions they execute, which the machine's noise does not affect.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {import('./measure-startup.mjs').Variants} variants
 * @param {import('./measure-startup.mjs').MeasuredFramework} framework
 */
export function measureInstructions(reporter, { plain, plugin }, { name, commands }) {
  if (!canCountInstructions()) {
    reporter.note('Instructions were not counted: valgrind is not installed.')
    return
  }
  const cases = [
    { what: 'a command', args: commands.plain },
    { what: 'a command with one uncontended lock', args: commands.locked },
    { what: '--help', args: ['--help'] },
    { what: '--version', args: ['--version'] },
  ]
  for (const { what, args } of cases) {
    reporter.progress(`${name}: instructions of ${what}`)
    // The first run after a pause cleans up; the counted run must not.
    countInstructions(plugin, args)
    reporter.compare({
      what: `instructions of ${what}`,
      unit: 'million',
      ours: [countInstructions(plugin, args)],
      peer: { name: 'without the plugin', samples: [countInstructions(plain, args)] },
    })
  }
}
