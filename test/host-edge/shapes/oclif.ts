import type { Shape } from '../shape.js'

/** Commands that most shapes here have: `add [name] [--dry]`. */
const ADD = `class Add extends Command {
  static args = { name: Args.string() }
  static flags = { dry: Flags.boolean() }
  async run() {
    const { args, flags } = await this.parse(Add)
    work('add', args.name, flags.dry)
  }
}`

const ABOUT_ITSELF = `class Host extends Command {
  static strict = false
  static baseFlags = { help: Flags.help({ char: 'h' }) }
  static flags = {
    version: Flags.version({ char: 'v' }),
    dry: Flags.boolean(),
  }
  async run() {
    await this.parse(Host)
    work('hosted')
  }
}`

/** Programs on oclif. The ones without a `main` call `execute()`. */
export const OCLIF_SHAPES: readonly Shape[] = [
  {
    title: 'several commands, execute()',
    source: `${ADD}
    export const COMMANDS = { add: Add }`,
    args: ['add', 'x', '--dry'],
    rules: ['add'],
    prints: 'add x true\n',
  },
  {
    title: 'run(), flush() and handle()',
    source: `${ADD}
    export const COMMANDS = { add: Add }`,
    files: {
      'run.mjs': `import { flush, handle, run } from '@oclif/core'
      await run(process.argv.slice(2), import.meta.url).then(async (result) => {
        console.log('ended', result)
        await flush()
      }).catch(async (error) => {
        console.log('the host caught', error.message)
        return handle(error)
      })`,
    },
    args: ['add', 'x', '--dry'],
    prints: 'add x true\nended undefined\n',
  },
  {
    title: 'CommonJS, run() with a catch that ends the process',
    source: `${ADD}
    exports.COMMANDS = { add: Add }`,
    files: {
      'run.cjs': `require('@oclif/core').run(process.argv.slice(2), __filename).catch((error) => {
        console.log('the host caught', error.message)
        process.exit(1)
      })`,
    },
    isCommonJs: true,
    args: ['add', 'x'],
    prints: 'add x undefined\n',
  },
  {
    title: 'a single command',
    source: `class Host extends Command {
      static args = { name: Args.string() }
      async run() {
        const { args } = await this.parse(Host)
        work('single', args.name)
      }
    }
    export default Host`,
    oclif: { default: '.', commands: { strategy: 'single', target: './commands.mjs' } },
    args: ['x'],
    rules: [''],
    prints: 'single x\n',
  },
  {
    title: 'static run() of a class, without a configuration, under withLock()',
    source: `${ADD}
    export default locked(Add)`,
    files: {
      'run.mjs': `import Add from './commands.mjs'
      await Add.run(process.argv.slice(2), import.meta.url)
      console.log('after')`,
    },
    args: ['x'],
    rules: [],
    commands: 'unseen',
    prints: 'add x undefined\nafter\n',
  },
  {
    title: 'init() does work',
    source: `class Add extends Command {
      async init() {
        await super.init()
        work('init')
      }
      async run() { work('add') }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'init\nadd\n',
  },
  {
    title: 'a base class with init(), catch() and finally()',
    source: `class Base extends Command {
      async init() {
        await super.init()
        work('init', this.id)
      }
      async catch(error) {
        work('the host reports', error.message)
        process.exit(1)
      }
      async finally(error) {
        work('finally', error?.message)
        return super.finally(error)
      }
    }
    class Add extends Base {
      async run() { work('add') }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'init add\nadd\nfinally undefined\n',
  },
  {
    title: 'catch() makes an error an exit of its own',
    source: `class Add extends Command {
      async catch(error) {
        await sleep(1)
        work('the host caught', error.message)
        this.exit(1)
      }
      async run() {
        work('add')
        throw new Error('broken')
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\nthe host caught broken\n',
    exitCode: 1,
  },
  {
    title: 'catch() forgives an error',
    source: `class Add extends Command {
      async catch(error) { work('forgiven', error.message) }
      async run() { throw new Error('broken') }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'forgiven broken\n',
  },
  {
    title: 'finally() does work after an error',
    source: `class Add extends Command {
      async finally() {
        await sleep(1)
        work('finally')
      }
      async run() {
        work('add')
        this.error('broken', { exit: 4 })
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\nfinally\n',
    exitCode: 4,
  },
  {
    title: '--json',
    source: `class Add extends Command {
      static enableJsonFlag = true
      async run() {
        this.log('not under --json')
        return { added: true }
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add', '--json'],
    isJson: true,
    prints: '{\n  "added": true\n}\n',
  },
  {
    title: '--json with an error',
    source: `class Add extends Command {
      static enableJsonFlag = true
      async run() { this.error('broken', { exit: 4, code: 'E_HOST' }) }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add', '--json'],
    isJson: true,
    exitCode: 1,
  },
  {
    title: 'a command that knows --json, without it',
    source: `class Add extends Command {
      static enableJsonFlag = true
      async run() {
        work('add')
        return { added: true }
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\n',
  },
  {
    title: 'hooks of its own: prerun, postrun, finally',
    source: `${ADD}
    export const COMMANDS = { add: Add }`,
    oclif: {
      hooks: { prerun: './prerun.mjs', postrun: './postrun.mjs', finally: './finally.mjs' },
    },
    files: {
      'prerun.mjs': `import { work } from './work.cjs'
      export default async ({ Command }) => work('prerun', Command.id)`,
      'postrun.mjs': `export default async ({ Command }) => console.log('postrun', Command.id)`,
      'finally.mjs': `export default async ({ error }) => console.log('finally', error?.message)`,
    },
    args: ['add', 'x'],
    prints: 'prerun add\nadd x undefined\npostrun add\nfinally undefined\n',
  },
  {
    title: 'an init hook of its own',
    source: `${ADD}
    export const COMMANDS = { add: Add }`,
    oclif: { hooks: { init: './init.mjs' } },
    files: {
      'init.mjs': `export default async ({ id }) => {
        process.on('exit', (code) => code !== 75 && console.error('init was called for', id))
      }`,
    },
    args: ['add', 'x'],
    prints: 'add x undefined\n',
  },
  {
    title: 'a command that runs another one',
    source: `${ADD}
    class All extends Command {
      async run() {
        work('all')
        await this.config.runCommand('add', ['x'])
        work('all again')
      }
    }
    export const COMMANDS = { add: Add, all: All }`,
    args: ['all'],
    commands: 'nested',
    prints: 'all\nadd x undefined\nall again\n',
  },
  {
    title: "a command that calls another's static run()",
    source: `${ADD}
    class All extends Command {
      async run() {
        work('all')
        await Add.run(['x'], this.config)
        work('all again')
      }
    }
    export const COMMANDS = { add: Add, all: All }`,
    args: ['all'],
    commands: 'nested',
    prints: 'all\nadd x undefined\nall again\n',
  },
  {
    title: 'this.exit(0)',
    source: `class Add extends Command {
      async run() {
        work('add')
        this.exit(0)
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\n',
  },
  {
    title: 'this.exit(3)',
    source: `class Add extends Command {
      async run() {
        work('add')
        this.exit(3)
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 3,
  },
  {
    title: 'this.error()',
    source: `class Add extends Command {
      async run() {
        work('add')
        this.error('broken', { exit: 5, suggestions: ['mend it'] })
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 5,
  },
  {
    title: 'process.exit()',
    source: `class Add extends Command {
      async run() {
        work('add')
        await sleep(1)
        process.exit(3)
      }
      async finally() { console.log('never') }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 3,
  },
  {
    title: 'work goes on in callbacks',
    source: `class Add extends Command {
      async run() {
        setTimeout(() => work('later'), 5)
        console.log('begun')
      }
    }
    export const COMMANDS = { add: Add }`,
    files: {
      'run.mjs': `import { run } from '@oclif/core'
      await run(process.argv.slice(2), import.meta.url)`,
    },
    args: ['add'],
    prints: 'begun\nlater\n',
  },
  {
    title: 'called by an alias',
    source: `${ADD}
    Add.aliases = ['plus', 'list:plus']
    export const COMMANDS = { add: Add }`,
    args: ['plus', 'x'],
    rules: ['add'],
    prints: 'add x undefined\n',
  },
  {
    title: 'a rule by an alias',
    source: `${ADD}
    Add.aliases = ['plus', 'list:plus']
    export const COMMANDS = { add: Add }`,
    args: ['add', 'x'],
    rules: ['plus'],
    prints: 'add x undefined\n',
  },
  {
    title: 'topics, separated by spaces',
    source: `${ADD}
    export const COMMANDS = { 'task:add': Add }`,
    oclif: { topicSeparator: ' ' },
    args: ['task', 'add', 'x'],
    rules: ['task add'],
    prints: 'add x undefined\n',
  },
  {
    title: 'topics, separated by colons',
    source: `${ADD}
    export const COMMANDS = { 'task:add': Add }`,
    args: ['task:add', 'x'],
    rules: ['task:add'],
    prints: 'add x undefined\n',
  },
  {
    title: 'words of a command in any order',
    source: `${ADD}
    export const COMMANDS = { 'task:add': Add }`,
    oclif: { topicSeparator: ' ', flexibleTaxonomy: true },
    args: ['add', 'task'],
    rules: ['task add'],
    prints: 'add undefined undefined\n',
  },
  {
    title: 'withLock() around a class',
    source: `${ADD}
    export const COMMANDS = { add: locked(Add) }`,
    args: ['add', 'x'],
    rules: [],
    prints: 'add x undefined\n',
  },
  {
    title: 'withLock() around a class with init(), and a rule on the same resource',
    source: `class Add extends Command {
      async init() {
        await super.init()
        work('init')
      }
      async run() { work('add') }
    }
    export const COMMANDS = { add: locked(Add) }`,
    args: ['add'],
    prints: 'init\nadd\n',
  },
  {
    title: 'flags that are wrong, found inside the command',
    source: `class Add extends Command {
      static flags = { n: Flags.integer({ required: true }) }
      async run() {
        work('add')
        await this.parse(Add)
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add', '-n', 'x'],
    prints: 'add\n',
    exitCode: 2,
  },
  {
    title: 'arguments that nobody declared',
    source: `class Add extends Command {
      static strict = false
      async run() {
        const { argv } = await this.parse(Add)
        work('add', ...argv)
      }
    }
    export const COMMANDS = { add: Add }`,
    args: ['add', 'a', 'b'],
    prints: 'add a b\n',
  },
  {
    title: 'a command that is not of the class of oclif',
    source: `class Plain {
      static args = {}
      static flags = {}
      static async run() { work('plain') }
    }
    export const COMMANDS = { plain: Plain }`,
    args: ['plain'],
    prints: 'plain\n',
  },
  {
    title: 'a command that the command_not_found hook runs',
    source: `${ADD}
    export const COMMANDS = { add: Add }`,
    oclif: { hooks: { command_not_found: './not-found.mjs' } },
    files: {
      'not-found.mjs': `export default async function ({ id, config }) {
        await config.runCommand('add', ['x'])
      }`,
    },
    args: ['ad'],
    rules: ['add'],
    prints: 'add x undefined\n',
  },
  ...[['--help'], ['--version'], ['-h'], ['-v']].map((args) => ({
    title: `no command: ${args.join(' ')} of a single command`,
    source: `${ABOUT_ITSELF}
    export default Host`,
    oclif: { default: '.', commands: { strategy: 'single', target: './commands.mjs' } },
    args,
    commands: 0,
  })),
  ...[
    ['host', '-h'],
    ['host', '-v'],
  ].map((args) => ({
    title: `no command: ${args.join(' ')}`,
    source: `${ABOUT_ITSELF}
    export const COMMANDS = { host: Host }`,
    args,
    commands: 0,
  })),
  {
    title: 'an argument that looks like a flag',
    source: `${ABOUT_ITSELF}
    export default Host`,
    oclif: { default: '.', commands: { strategy: 'single', target: './commands.mjs' } },
    args: ['--dry', '--', '-h'],
    rules: [''],
    prints: 'hosted\n',
  },
  {
    title: 'a version of its own',
    source: `class Bump extends Command {
      static flags = { version: Flags.boolean({ char: 'v' }) }
      async run() {
        const { flags } = await this.parse(Bump)
        work('bumped', flags.version)
      }
    }
    export const COMMANDS = { bump: Bump }`,
    args: ['bump', '-v'],
    rules: ['bump'],
    prints: 'bumped true\n',
  },
  ...[['--help'], ['--version'], ['add', '--help'], ['help'], ['nothing']].map((args) => ({
    title: `no command: ${args.join(' ')}`,
    source: `${ADD}
    export const COMMANDS = { add: Add }`,
    args,
    commands: 0,
    ...(args[0] === 'nothing' || args[0] === 'help' ? { exitCode: 2 } : {}),
  })),
]
