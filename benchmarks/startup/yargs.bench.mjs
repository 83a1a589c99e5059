import { measureStartup } from './measure-startup.mjs'

export const title = 'Start-up of a yargs CLI'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  await measureStartup(reporter, {
    name: 'yargs',
    plugin: '@cli-ops/yargs-plugin',
    libraries: ['yargs'],
    commands: { plain: ['add', 'a pencil'], locked: ['sync'] },
    lockedResource: 'items',
  })
}
