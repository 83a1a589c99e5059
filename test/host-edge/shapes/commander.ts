import type { Shape } from '../shape.js'

/** Programs on commander. */
export const COMMANDER_SHAPES: readonly Shape[] = [
  {
    title: 'no action: options are read after parse()',
    source: `const program = attach(new Command('host').option('--dry'))
    program.parse()
    work('dry', program.opts().dry)`,
    args: ['--dry'],
    rules: [''],
    prints: 'dry true\n',
  },
  {
    title: 'no action: arguments are read after parse(), work goes on in callbacks',
    source: `const program = attach(new Command('host').argument('<files...>'))
    program.parse()
    for (const file of program.args) setTimeout(() => work('file', file), 5)
    console.log('begun')`,
    args: ['a', 'b'],
    prints: 'begun\nfile a\nfile b\n',
  },
  {
    title: 'no action: parseAsync() is not awaited',
    source: `const program = attach(new Command('host').option('--dry'))
    program.parseAsync()
    work('dry', program.opts().dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'no action: parseAsync() is awaited',
    source: `const program = attach(new Command('host').option('--dry'))
    await program.parseAsync()
    await sleep(1)
    work('dry', program.opts().dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'options with a parser of their own, no action',
    source: `const program = attach(new Command('host'))
      .option('-n <n>', 'a number', (text, sum) => sum + Number(text), 0)
    program.parse()
    work(program.opts().n)`,
    args: ['-n', '2', '-n', '3'],
    prints: '5\n',
  },
  {
    title: 'an action that only takes notes',
    source: `let options
    attach(new Command('host').option('--dry').action((given) => { options = given })).parse()
    work('dry', options.dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'an asynchronous action that only takes notes, under parse()',
    source: `let options
    attach(new Command('host').option('--dry').action(async (given) => { options = given })).parse()
    work('dry', options.dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'a synchronous action, and code after parse()',
    source: `const program = attach(new Command('host'))
    program.command('add <name>').action((name) => work('add', name))
    program.parse()
    console.log('after')`,
    args: ['add', 'x'],
    rules: ['add'],
    prints: 'add x\nafter\n',
  },
  {
    title: 'an asynchronous action under parse()',
    source: `const program = attach(new Command('host'))
    program.command('add').action(async () => {
      work('add')
      await sleep(5)
      work('added')
    })
    program.parse()
    console.log('after')`,
    args: ['add'],
    rules: ['add'],
    prints: 'add\nafter\nadded\n',
  },
  {
    title: 'an asynchronous action under parseAsync()',
    source: `const program = attach(new Command('host'))
    program.command('add').action(async () => {
      await sleep(5)
      work('added')
    })
    await program.parseAsync()
    console.log('after')`,
    args: ['add'],
    rules: ['add'],
    prints: 'added\nafter\n',
  },
  {
    title: 'parseAsync() with a catch() that ends the process',
    source: `const program = attach(new Command('host'))
    program.command('add').action(async () => {
      await sleep(1)
      work('add')
      throw new Error('broken')
    })
    program.parseAsync().catch((error) => {
      console.log('the host caught', error.message)
      process.exit(3)
    })`,
    args: ['add'],
    prints: 'add\nthe host caught broken\n',
    exitCode: 3,
  },
  {
    title: "a listener for 'command:<name>'",
    source: `const program = attach(new Command('host'))
    program.command('add <name>')
    program.on('command:add', ([name]) => work('add', name))
    program.parse()
    console.log('after')`,
    args: ['add', 'x'],
    prints: 'add x\nafter\n',
  },
  {
    title: "a listener for 'command:*'",
    source: `const program = attach(new Command('host'))
    program.command('list').action(() => work('list'))
    program.on('command:*', ([name]) => work('unknown', name))
    program.parse()`,
    args: ['other'],
    prints: 'unknown other\n',
  },
  {
    title: 'a subcommand that is a program of its own',
    source: `const program = attach(new Command('host'))
    program.command('add <name>', 'adds', { executableFile: 'add.mjs' })
    program.parse()`,
    files: {
      'add.mjs': `import { work } from './work.cjs'
      process.env.RUN_BY = process.ppid
      work('add', process.argv[2])
      process.exitCode = 4`,
    },
    args: ['add', 'x'],
    rules: ['add'],
    prints: 'add x\n',
    exitCode: 4,
  },
  {
    title: 'exitOverride() with a catch that ends the process',
    source: `const program = attach(new Command('host').exitOverride())
    program.command('add').action(() => work('add'))
    try {
      program.parse()
    } catch (error) {
      console.log('the host caught', error.message)
      process.exit(1)
    }
    console.log('after')`,
    args: ['add'],
    prints: 'add\nafter\n',
  },
  {
    title: 'exitOverride() before parseAsync() with a catch that ends the process',
    source: `const program = attach(new Command('host').exitOverride())
    program.command('add').action(async () => work('add'))
    await program.parseAsync().catch((error) => {
      console.log('the host caught', error.message)
      process.exit(1)
    })
    console.log('after')`,
    args: ['add'],
    prints: 'add\nafter\n',
  },
  {
    title: 'a prompt: exitOverride(), a line is a command',
    source: `import { createInterface } from 'node:readline'
    const program = attach(new Command('host').exitOverride())
    program.command('add [name]').action((name) => work('add', name))
    program.command('list').action(() => idle('list'))
    for await (const line of createInterface({ input: process.stdin })) {
      await program.parseAsync(line.split(' '), { from: 'user' })
        .catch(({ code }) => console.log('refused:', line, code))
    }
    console.log('bye')`,
    input: 'add x\nlist\n',
    rules: ['add'],
    commands: 2,
    prints: 'add x\nlist\nbye\n',
    livesOn: { prints: 'refused: add x LOCK_HELD\nlist\nbye\n', exitCode: 0 },
  },
  {
    title: 'a synchronous prompt: exitOverride(), a line is a command',
    source: `import { readFileSync } from 'node:fs'
    const program = attach(new Command('host').exitOverride())
    program.command('add [name]').action((name) => work('add', name))
    program.command('list').action(() => idle('list'))
    for (const line of readFileSync(0, 'utf8').trim().split('\\n')) {
      try {
        program.parse(line.split(' '), { from: 'user' })
      } catch ({ code }) {
        console.log('refused:', line, code)
      }
    }
    console.log('bye')`,
    input: 'list\nadd\nlist\n',
    rules: ['add'],
    commands: 3,
    prints: 'list\nadd undefined\nlist\nbye\n',
    livesOn: { prints: 'list\nrefused: add LOCK_HELD\nlist\nbye\n', exitCode: 0 },
  },
  {
    title: 'parses twice to read its options',
    source: `const program = attach(new Command('host').option('--config <file>').argument('[rest...]'))
    program.allowUnknownOption().parse()
    program.allowUnknownOption(false).option('--dry').parse()
    work(program.opts().config, program.opts().dry)`,
    args: ['--config', 'c', '--dry'],
    prints: 'c true\n',
  },
  {
    title: 'parses the same arguments twice at the same time',
    source: `const program = attach(new Command('host'))
    program.command('add').action(async () => work('add'))
    await Promise.all([program.parseAsync(), program.parseAsync()])`,
    args: ['add'],
    prints: 'add\nadd\n',
  },
  {
    title: 'runs two commands, one after the other',
    source: `const program = attach(new Command('host'))
    program.command('add <name>').action((name) => work('add', name))
    program.parse(['add', 'a'], { from: 'user' })
    program.parse(['add', 'b'], { from: 'user' })`,
    commands: 2,
    prints: 'add a\nadd b\n',
  },
  {
    title: 'parses again inside its action',
    source: `const program = attach(new Command('host'))
    program.command('inner').action(async () => work('inner'))
    program.command('outer').action(async () => {
      work('outer')
      await program.parseAsync(['inner'], { from: 'user' })
      work('outer again')
    })
    await program.parseAsync()`,
    args: ['outer'],
    commands: 'nested',
    prints: 'outer\ninner\nouter again\n',
  },
  {
    title: 'parses another program inside its action',
    source: `const inner = attach(new Command('inner').action(() => work('inner')))
    const program = attach(new Command('host').action(() => {
      inner.parse([], { from: 'user' })
      work('outer')
    }))
    program.parse()`,
    commands: 'nested',
    prints: 'inner\nouter\n',
  },
  {
    title: 'two programs in one process',
    source: `const parts = ['first', 'second'].map((name) =>
      attach(new Command(name).argument('<what>').action((what) => work(name, what))))
    for (const part of parts) part.parse(process.argv)`,
    args: ['x'],
    prints: 'first x\nsecond x\n',
  },
  {
    title: 'a default command',
    source: `const program = attach(new Command('host'))
    program.command('serve', { isDefault: true }).option('-p <port>').action(({ p }) => work('serve', p))
    program.parse()`,
    args: ['-p', '80'],
    rules: ['serve'],
    prints: 'serve 80\n',
  },
  {
    title: 'called by an alias',
    source: `const program = attach(new Command('host'))
    program.command('add').alias('a').action(() => work('add'))
    program.parse()`,
    args: ['a'],
    rules: ['add'],
    prints: 'add\n',
  },
  {
    title: 'a rule by an alias',
    source: `const program = attach(new Command('host'))
    program.command('add').aliases(['a', 'plus']).action(() => work('add'))
    program.parse()`,
    args: ['add'],
    rules: ['plus'],
    prints: 'add\n',
  },
  {
    title: 'a group of commands',
    source: `const program = attach(new Command('host').option('--verbose'))
    const task = program.command('task').alias('t')
    task.command('add <name>').action((name) => work('add', name, program.opts().verbose))
    program.parse()`,
    args: ['--verbose', 't', 'add', 'x'],
    rules: ['task add'],
    prints: 'add x true\n',
  },
  {
    title: 'a group that was made apart, attached to before its commands are there',
    source: `const program = attach(new Command('host'))
    const task = new Command('task')
    task.addCommand(new Command('add').action(() => work('add')))
    program.addCommand(task)
    program.parse()`,
    args: ['task', 'add'],
    rules: ['task add'],
    prints: 'add\n',
  },
  {
    title: 'hooks of its own, before and after the plugin is there',
    source: `const program = new Command('host').hook('preAction', () => work('first'))
    attach(program)
    program.hook('preAction', async () => work('second')).hook('postAction', () => work('last'))
    program.command('add').action(() => work('add')).hook('preAction', () => work('third'))
    await program.parseAsync()`,
    args: ['add'],
    prints: 'first\nsecond\nthird\nadd\nlast\n',
  },
  {
    title: 'withLock() around a synchronous action',
    source: `const program = attach(new Command('host'))
    program.command('add').action(locked((options, command) => work('add', command.name())))
    program.parse()
    console.log('after')`,
    args: ['add'],
    rules: [],
    prints: 'add add\nafter\n',
  },
  {
    title: 'withLock() around an asynchronous action',
    source: `const program = attach(new Command('host'))
    program.command('add').action(locked(async () => {
      await sleep(5)
      work('add')
    }))
    await program.parseAsync()
    console.log('after')`,
    args: ['add'],
    rules: [],
    prints: 'add\nafter\n',
  },
  {
    title: 'withLock() and a rule on one resource',
    source: `const program = attach(new Command('host'))
    program.command('add').action(locked(async () => work('add')))
    await program.parseAsync()`,
    args: ['add'],
    prints: 'add\n',
  },
  {
    title: 'process.exit() in an action',
    source: `const program = attach(new Command('host'))
    program.command('add').action(() => {
      work('add')
      process.exit(3)
    })
    program.parse()
    console.log('never')`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 3,
  },
  {
    title: 'an exit code below 0, of which its parent sees a byte',
    source: `attach(new Command('host').action(() => work('root'))).parse()
    process.exit(-1)`,
    prints: 'root\n',
    exitCode: 255,
  },
  {
    title: 'an exit code of which its parent sees 0',
    source: `attach(new Command('host').action(() => work('root'))).parse()
    process.exitCode = 256`,
    prints: 'root\n',
  },
  {
    title: 'process.exit() after parse(), no action',
    source: `attach(new Command('host')).parse()
    work('done')
    process.exit(3)`,
    prints: 'done\n',
    exitCode: 3,
  },
  {
    title: 'an action that throws',
    source: `const program = attach(new Command('host'))
    program.command('add').action(() => {
      work('add')
      throw new Error('broken')
    })
    program.parse()
    console.log('never')`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 1,
  },
  {
    title: 'CommonJS, an action that throws',
    source: `const host = attach(new Command('host'))
    host.command('add').action(() => {
      work('add')
      throw new Error('broken')
    })
    host.parse()
    console.log('never')`,
    args: ['add'],
    isCommonJs: true,
    prints: 'add\n',
    exitCode: 1,
  },
  {
    title: 'CommonJS, withLock() around an action that throws no error',
    source: `const host = attach(new Command('host'))
    host.command('add').action(locked(() => {
      work('add')
      throw 'broken'
    }))
    host.parse()`,
    args: ['add'],
    rules: [],
    isCommonJs: true,
    prints: 'add\n',
    exitCode: 1,
  },
  {
    title: 'process.exit() in an exit listener',
    source: `process.on('exit', () => process.exit(7))
    attach(new Command('host').action(() => work('root'))).parse()`,
    prints: 'root\n',
    exitCode: 7,
  },
  {
    title: 'an exit listener that takes the exit code back',
    source: `process.on('exit', () => { process.exitCode = undefined })
    attach(new Command('host').action(() => work('root'))).parse()
    process.exitCode = 3`,
    prints: 'root\n',
  },
  {
    title: 'options kept as properties',
    source: `const program = attach(new Command('host').storeOptionsAsProperties().option('--dry'))
    program.parse()
    work('dry', program.dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'a class derived from Command that parses in its own way',
    source: `class Host extends Command {
      createCommand(name) { return new Host(name) }
      parse(argv, options) {
        super.parse(argv, options)
        work('parsed', this.opts().dry)
        return this
      }
    }
    attach(new Host('host').option('--dry')).parse()
    console.log('after')`,
    args: ['--dry'],
    prints: 'parsed true\nafter\n',
  },
  {
    title: 'a class derived from Command with hooks and actions in its own way',
    source: `class OwnCommand extends Command {
      createCommand(name) { return new OwnCommand(name) }
      hook(event, listener) {
        console.log('the host adds a hook:', event)
        return super.hook(event, listener)
      }
      action(run) {
        return super.action(async (...given) => {
          work('before')
          await run(...given)
        })
      }
    }
    const program = attach(new OwnCommand('host'))
    program.command('add').action(() => work('add'))
    await program.parseAsync()`,
    args: ['add'],
    prints: 'before\nadd\n',
  },
  {
    title: 'a proxy around the program, no action',
    source: `const program = new Proxy(attach(new Command('host').option('--dry')), {})
    program.parse()
    work('dry', program.opts().dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'a listener for an option',
    source: `let asked
    const program = attach(new Command('host').option('--add <name>'))
    program.command('list', { isDefault: true }).action(() => work('list', asked))
    program.on('option:add', (name) => { asked = name })
    program.parse()`,
    args: ['--add', 'x'],
    prints: 'list x\n',
  },
  {
    title: 'an option that the host takes out before commander sees it, and work after the action',
    source: `const program = attach(new Command('host').exitOverride())
    program.command('add').action(async () => undefined)
    await program.parseAsync(process.argv.filter((word) => word !== '--mine'))
    work('after')`,
    args: ['add', '--mine'],
    prints: 'after\n',
  },
  ...[
    ['default options behind the arguments', '[...process.argv, "--color"]', ['a']],
    [
      'an alias that the host expands',
      'process.argv.flatMap((word) => word === "up" ? ["a", "--color"] : word)',
      ['up'],
    ],
  ].map(([what, words, args]): Shape => ({
    title: `${what as string}, and work after the action`,
    source: `let options
    const program = attach(new Command('host').argument('<word>').option('--color'))
      .action(async (word, given) => { options = given })
    await program.parseAsync(${words as string})
    await sleep(1)
    work(program.args[0], options.color)`,
    args: args as string[],
    prints: 'a true\n',
  })),
  {
    title: 'commands with a colon in their names',
    source: `const program = attach(new Command('host'))
    program.command('db:migrate').action(() => work('migrate'))
    program.command('db:seed').action(() => work('seed'))
    program.parse()`,
    args: ['db:seed'],
    rules: ['db:migrate', 'db:seed'],
    prints: 'seed\n',
  },
  {
    title: 'an asynchronous preSubcommand hook above a command of a command',
    source: `const program = attach(new Command('host'))
    program.hook('preSubcommand', () => new Promise((resolve) => setTimeout(resolve, 5)))
    program.command('task').command('add').action(async () => work('add'))
    await program.parseAsync()`,
    args: ['task', 'add'],
    rules: ['task add'],
    prints: 'add\n',
  },
  {
    title: 'an asynchronous preSubcommand hook above a command without an action',
    source: `const program = attach(new Command('host'))
    program.hook('preSubcommand', () => new Promise((resolve) => setTimeout(resolve, 5)))
    const add = program.command('add').option('--dry')
    await program.parseAsync()
    work('add', add.opts().dry)`,
    args: ['add', '--dry'],
    rules: ['add'],
    prints: 'add true\n',
  },
  {
    title: 'a program given to the plugin twice with the same options',
    source: `attach(attach(new Command('host').action(() => work('root')))).parse()`,
    prints: 'root\n',
  },
  {
    title: 'commander bundled into the program',
    source: `const program = attach(new Command('host').option('--dry'))
    program.parse()
    work('dry', program.opts().dry)`,
    args: ['--dry'],
    isBundled: true,
    prints: 'dry true\n',
  },
  {
    title: 'CommonJS, the program of the package itself',
    source: `attach(program.option('--dry').argument('[name]'))
    program.parse(process.argv)
    work(program.args[0], program.opts().dry)`,
    args: ['x', '--dry'],
    isCommonJs: true,
    prints: 'x true\n',
  },
  ...[
    ['add', '--help'],
    ['a', '--help'],
    ['help', 'add'],
    ['add', '--version'],
  ].map((args) => ({
    title: `no command of a subcommand that is a program of its own: ${args.join(' ')}`,
    source: `const program = attach(new Command('host'))
      program.command('add <name>', 'adds', { executableFile: 'add.mjs' }).commands[0].alias('a')
      program.parse()`,
    files: { 'add.mjs': `console.log('help', process.argv[2])` },
    args,
    commands: 0,
  })),
  ...[['--help'], ['--version'], ['help', 'add'], ['add'], ['other'], ['add', 'x', '--no']].map(
    (args) => ({
      title: `no command: ${args.join(' ')}`,
      source: `const program = attach(new Command('host').version('1.2.3'))
      program.command('add <name>').action((name) => work('add', name))
      program.parse()`,
      args,
      commands: 0,
      ...(/help|version/u.test(args.join()) ? {} : { exitCode: 1 }),
    }),
  ),
]
