import { measureStartup } from './measure-startup.mjs'

export const title = 'Start-up of an oclif CLI'

/**
 * Beside a CLI with a plugin whose one hook is empty: what oclif itself takes to load a plugin is not the kit's.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 */
export async function run(reporter) {
  await measureStartup(reporter, {
    name: 'oclif',
    plugin: '@cli-ops/oclif-plugin',
    libraries: ['@oclif/core'],
    commands: { plain: ['add', 'a website'], locked: ['sync'] },
    lockedResource: 'projects',
  })
}
