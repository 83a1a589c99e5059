import { describe, expect, test } from 'vitest'

import { FRAMEWORKS, measuredCli } from './measured-clis.js'

// Every user pays for these on every run. Before adding to a list, measure the cost: `npm run bench -- startup`.

/** This process's identity, as its file names contain it. */
const IDENTITY = [
  'readFileSync /proc/thread-self/stat',
  'readFileSync /proc/sys/kernel/random/boot_id',
  'readlinkSync /proc/self/ns/pid',
  'readFileSync /etc/machine-id',
  'readFileSync /proc/sys/kernel/random/uuid',
]
const CONFIG = ['lstatSync home/config.json']
const HOME = ['lstatSync home', 'lstatSync home/last-clean-up']
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
  // Whether it ends with a seal, in case the next one was deleted by hand. Takes 0.02 ms.
  'readSync home/events/<segment>',
]
const EVENT = [
  'writeSync home/events/<segment>',
  'lstatSync home/events/<segment>',
  'fstatSync home/events/<segment>',
]
/** No other process has written, so nothing can precede it. */
const NEXT_EVENT = ['writeSync home/events/<segment>', 'fstatSync home/events/<segment>']
const EXIT = ['unlinkSync home/registry/<record>']

describe.each(FRAMEWORKS)('a command with the $name plugin', (framework) => {
  const cli = measuredCli(framework)
  const lock = { commander: 'task-database', yargs: 'items', oclif: 'projects' }[framework.name]

  test.each([['add', 'x'], ['sync']])('%s loads what it needs and no package', (...args) => {
    const kit = [...framework.kitFiles, ...framework.commandFiles]
    expect(cli.loads(args)).toEqual({ kit, foreign: [] })
  })

  test('loads no more for a clean-up that finds nothing', () => {
    const kit = [...framework.kitFiles, ...framework.commandFiles]
    expect(cli.loads(['add', 'x'], 'clean-up is due')).toEqual({ kit, foreign: [] })
  })

  test('--help and --version load no more of the kit than it takes to wait for a command', () => {
    const kit = framework.kitFiles
    for (const option of ['--help', '--version'])
      expect(cli.loads([option])).toEqual({ kit, foreign: [] })
  })

  test('loads almost nothing from Node', () => {
    expect(cli.loadsOfNode(['--help'])).toEqual([])
    expect(cli.loadsOfNode(['add', 'x'])).toEqual([])
    // The flow that holds the lock of `withLock` is followed through its promises; a rule's is the whole process's.
    const flow = framework.name === 'oclif' ? [] : ['internal/promise_hooks']
    expect(cli.loadsOfNode(['sync'])).toEqual(flow)
  })

  test.runIf(process.platform === 'linux')('makes no unnecessary file-system call', () => {
    const begin = [...CONFIG, ...IDENTITY, ...HOME, ...REGISTRATION, ...OPENED_LOG, ...EVENT]
    expect(ofKit(cli.calls(['add', 'x']))).toEqual([...begin, ...NEXT_EVENT, ...EXIT])

    const directory = `home/locks/${lock}.lock`
    const acquisition = [
      `lstatSync home/queues/${lock}`,
      `readdirSync ${directory}`,
      `renameSync ${directory}/<free>`,
      'readFileSync /proc/sys/kernel/hostname',
      `openSync ${directory}/<held>`,
      `writeSync ${directory}/<held>`,
      `closeSync ${directory}/<held>`,
    ]
    const release = [`renameSync ${directory}/<held>`]
    // A rule's lock is kept to the end of the process, the lock of `withLock` to the end of its handler.
    const end =
      framework.name === 'oclif' ? [...NEXT_EVENT, ...release] : [...release, ...NEXT_EVENT]
    expect(ofKit(cli.calls(['sync']))).toEqual([...begin, ...acquisition, ...end, ...EXIT])
  })
})

/** oclif asks whether it runs in WSL. */
function ofKit(calls: readonly string[]): string[] {
  return calls.filter((call) => !/\/proc\/version|WSLInterop/u.test(call))
}
