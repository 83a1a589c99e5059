import { readFileSync } from 'node:fs'

import type { Framework, Shape } from '../shape.js'
import { commanderFramework } from './commander-framework.js'
import { OCLIF } from './oclif-framework.js'
import { yargsFramework } from './yargs-framework.js'

/** A program that stays until a signal arrives, in one of the ways of `ways-to-stay.mjs`. */
export interface StayingHost {
  readonly title: string
  readonly framework: Framework
  /** It parses synchronously, and so waits for a lock with its thread blocked. */
  readonly isSynchronous: boolean
  readonly source: string
}

const files = {
  'ways-to-stay.mjs': readFileSync(new URL('../ways-to-stay.mjs', import.meta.url), 'utf8'),
}
const WAY = `const { waysToStay } = await import('./ways-to-stay.mjs')
const way = waysToStay[process.argv.at(-1)]
await way.before?.()
`
const COMMANDER = `${WAY}const program = attach(new Command('host'))
program.command('stay <way>').action(() => way.run())
`
const YARGS = `${WAY}const program = attach(yargs(args)).command('stay <way>', 'stays', {}, () => way.run())
`
const commander = commanderFramework('commander', 'commander', true)
const yargs = yargsFramework('yargs', 'yargs', true)

export const STAYING_HOSTS: readonly StayingHost[] = [
  {
    title: 'commander, parse()',
    framework: commander,
    isSynchronous: true,
    source: `${COMMANDER}program.parse()`,
  },
  {
    title: 'commander, parseAsync()',
    framework: commander,
    isSynchronous: false,
    source: `${COMMANDER}await program.parseAsync()`,
  },
  {
    title: 'yargs, parse()',
    framework: yargs,
    isSynchronous: true,
    source: `${YARGS}program.parse()`,
  },
  {
    title: 'yargs, parseAsync()',
    framework: yargs,
    isSynchronous: false,
    source: `${YARGS}await program.parseAsync()`,
  },
  {
    title: 'oclif',
    framework: OCLIF,
    isSynchronous: false,
    source: `${WAY}class Stay extends Command {
      static strict = false
      async run() { await way.run() }
    }
    export const COMMANDS = { stay: Stay }`,
  },
]

/** Returns the shape of a host that stays in that way. */
export function stayingShape({ title, source }: StayingHost, way: string): Shape {
  return { title: `${title}, ${way}`, source, args: ['stay', way], rules: ['stay'], files }
}
