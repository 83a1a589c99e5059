import { describe, expect, test } from 'vitest'

import { FRAMEWORKS, measuredCli } from './measured-clis.js'

// Every user pays for these on every run. Whoever adds to a list measures what that costs: `npm run bench -- startup`.

/** Who this process is, as it stands in the names of its files. */
const IDENTITY = [
  'readFileSync /proc/thread-self/stat',
  'readFileSync /proc/sys/kernel/random/boot_id',
  'readlinkSync /proc/self/ns/pid',
  'readFileSync /etc/machine-id',
  'readFileSync /proc/sys/kernel/random/uuid',
]
const HOME = ['lstatSync home/config.json', 'lstatSync home', 'lstatSync home/last-clean-up']
const REGISTRATION = [
  'openSync home/registry/<record>.new',
  'writeSync home/registry/<record>.new',
  'closeSync home/registry/<record>.new',
  'renameSync home/registry/<record>.new',
]
const OPENED_LOG = [
  'statfsSync home',
  'readdirSync home/events',
  'openSync home/events/<segment>',
  'fstatSync home/events/<segment>',
]
const EVENT = [
  'writeSync home/events/<segment>',
  'lstatSync home/events/<segment>',
  'fstatSync home/events/<segment>',
]
const EXIT = ['unlinkSync home/registry/<record>']

describe.each(FRAMEWORKS)('a command with the $name plugin', (framework) => {
  const cli = measuredCli(framework)
  const lock = { commander: 'task-database', yargs: 'items', oclif: 'projects' }[framework.name]

  test.each([['add', 'x'], ['sync']])('%s loads what it needs and no package', (...args) => {
    const kit = [framework.kitFile, ...framework.commandFiles]
    expect(cli.loads(args)).toEqual({ kit, foreign: [] })
  })

  test('--help and --version load one file of the kit at most', () => {
    // oclif runs no hook for them.
    const kit = framework.name === 'oclif' ? [] : [framework.kitFile]
    for (const option of ['--help', '--version'])
      expect(cli.loads([option])).toEqual({ kit, foreign: [] })
  })

  test('loads next to nothing of Node', () => {
    // To find the commander that the host has loaded.
    const known = framework.name === 'commander' ? ['internal/source_map/source_map', 'module'] : []
    expect(cli.loadsOfNode(['--help'])).toEqual(known)
    // To find the file that a command needs.
    const own =
      framework.commandFiles.length > 0 ? ['internal/modules/esm/initialize_import_meta'] : []
    expect(cli.loadsOfNode(['add', 'x'])).toEqual([...known, ...own])
    // The flow that holds the lock is followed through its promises.
    expect(cli.loadsOfNode(['sync'])).toEqual([...known, ...own, 'internal/promise_hooks'])
  })

  test.runIf(process.platform === 'linux')('makes no file-system call without need', () => {
    const begin = [...IDENTITY, ...HOME, ...REGISTRATION, ...OPENED_LOG, ...EVENT]
    expect(ofKit(cli.calls(['add', 'x']))).toEqual([...begin, ...EVENT, ...EXIT])

    const directory = `home/locks/${lock}.lock`
    const acquisition = [
      'lstatSync home',
      `lstatSync home/queues/${lock}`,
      `readdirSync ${directory}`,
      'readFileSync /proc/sys/kernel/hostname',
      `renameSync ${directory}/<free>`,
      `openSync ${directory}/<held>`,
      `writeSync ${directory}/<held>`,
      `closeSync ${directory}/<held>`,
    ]
    const release = [`renameSync ${directory}/<held>`]
    expect(ofKit(cli.calls(['sync']))).toEqual([
      ...begin,
      ...acquisition,
      ...release,
      ...EVENT,
      ...EXIT,
    ])
  })
})

/** oclif asks whether it runs in WSL. */
function ofKit(calls: readonly string[]): string[] {
  return calls.filter((call) => !/\/proc\/version|WSLInterop/u.test(call))
}
