import { measureStartup } from './measure-startup.mjs'

export const title = 'Start-up of a commander CLI'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  await measureStartup(reporter, {
    name: 'commander',
    plugin: '@cli-ops/commander-plugin',
    libraries: ['commander'],
    commands: { plain: ['add', 'write a test'], locked: ['sync'] },
    lockedResource: 'task-database',
  })
}
