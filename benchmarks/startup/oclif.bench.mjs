import { measureStartup } from './measure-startup.mjs'

export const title = 'Start-up of an oclif CLI'

/**
 * Compares with a CLI that has a plugin with one empty hook: the time oclif itself takes to load a plugin is not the
 * kit's.
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
