import { join } from 'node:path'
import { canCountInstructions } from '../harness/count-instructions.mjs'
import { installFixture } from './install-fixture.mjs'
import { countInstructions } from './instructions.mjs'

/** Characters of the folder that a CLI is installed in: as in a container, globally, and by a version manager below a home. */
const PATH_LENGTHS = [30, 60, 90]

/**
 * Compares commands by the machine instructions they execute, which the machine's noise does not affect.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {import('./measure-startup.mjs').Variants} variants
 * @param {import('./measure-startup.mjs').MeasuredFramework} framework
 * @param {string} scratch
 */
export function measureInstructions(reporter, { plain, plugin }, framework, scratch) {
  const { name, commands } = framework
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
  // V8 compiles what handles paths at a threshold that their length decides.
  for (const length of PATH_LENGTHS) {
    const files = installFixture(framework, ['plain', 'plugin'], folderOfLength(scratch, length))
    const ours = { ...plugin, file: files.plugin }
    countInstructions(ours, commands.plain)
    reporter.compare({
      what: `instructions of a command installed in a path of ${length} characters`,
      unit: 'million',
      ours: [countInstructions(ours, commands.plain)],
      peer: {
        name: 'without the plugin',
        samples: [countInstructions({ ...plain, file: files.plain }, commands.plain)],
      },
    })
  }
}

/** @param {string} parent @param {number} length */
function folderOfLength(parent, length) {
  return join(parent, 'x'.repeat(Math.max(1, length - parent.length - 1)))
}
