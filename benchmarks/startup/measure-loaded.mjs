import { basename } from 'node:path'
import { loadedBuiltins, loadedFiles, packageOf } from './loaded-modules.mjs'

/**
 * Counts what a command loads besides its framework and the kit, and lists what the plugin adds.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {import('./measure-startup.mjs').Variants} variants
 * @param {import('./measure-startup.mjs').MeasuredFramework} framework
 * @param {string} scratch
 */
export function measureLoaded(reporter, { plain, plugin }, { name, commands }, scratch) {
  const cases = [
    { what: 'a command', args: commands.plain },
    { what: 'a command with a lock', args: commands.locked },
    { what: '--help', args: ['--help'] },
  ]
  for (const { what, args } of cases) {
    reporter.progress(`${name}: what ${what} loads`)
    const files = loadedFiles(plugin, args, scratch)
    const without = new Set(loadedFiles(plain, args, scratch).map((file) => packageOf(file)))
    const ofKit = files.filter((file) => packageOf(file)?.startsWith('@cli-ops/'))
    const foreign = new Set(
      files
        .map((file) => packageOf(file))
        .filter((found) => found !== undefined && !found.startsWith('@cli-ops/'))
        .filter((found) => !without.has(found)),
    )
    reporter.figure({
      what: `packages that ${what} loads besides the framework and the kit`,
      unit: '',
      ours: [foreign.size],
      goals: [{ atMost: 0 }],
    })
    if (foreign.size > 0) reporter.note(`${what} loads ${[...foreign].join(', ')}.`)
    reporter.note(`${what} loads of the kit: ${ofKit.map((file) => basename(file)).join(', ')}.`)

    const known = new Set(loadedBuiltins(plain, args, scratch))
    const builtins = loadedBuiltins(plugin, args, scratch).filter((module) => !known.has(module))
    reporter.note(
      `${what} loads of Node, beyond the CLI alone: ${builtins.join(', ') || 'nothing'}.`,
    )
  }
}
