import type { Shape } from '../shape.js'

/** A prompt: each line is a command of `parser`, and a refused one is reported. */
const ANSWERS = `for await (const line of createInterface({ input: process.stdin })) {
      try {
        await parser.parseAsync(line.split(' '))
      } catch ({ code }) {
        console.log('refused:', line, code)
      }
    }
    console.log('bye')`

/** Programs on yargs. */
export const YARGS_SHAPES: readonly Shape[] = [
  {
    title: 'no command: argv is what parse() returns',
    source: `const argv = attach(yargs(args)).option('dry', { type: 'boolean' }).parse()
    work('dry', argv.dry, argv._.join())`,
    args: ['x', '--dry'],
    prints: 'dry true x\n',
  },
  {
    title: 'no command: .argv',
    source: `const { argv } = attach(yargs(args)).option('dry', { type: 'boolean' })
    work('dry', argv.dry)
    setTimeout(() => work('later'), 5)`,
    args: ['--dry'],
    prints: 'dry true\nlater\n',
  },
  {
    title: 'no command: .argv is awaited',
    source: `const argv = await attach(yargs(args)).option('dry', { type: 'boolean' }).argv
    work('dry', argv.dry)`,
    args: ['--dry'],
    prints: 'dry true\n',
  },
  {
    title: 'a command without a handler: argv is what parse() returns',
    source: `const argv = attach(yargs(args))
      .command('add <name>', 'adds', (y) => y.option('dry', { type: 'boolean' })).parse()
    work('add', argv.name, argv.dry)`,
    args: ['add', 'x', '--dry'],
    rules: ['add'],
    prints: 'add x true\n',
  },
  {
    title: 'a handler that is empty',
    source: `const argv = attach(yargs(args)).command('add', 'adds', (y) => y.option('dry'), (argv) => {}).parse()
    work('dry', argv.dry)`,
    args: ['add', '--dry'],
    rules: ['add'],
    prints: 'dry true\n',
  },
  {
    title: 'a handler that only takes notes',
    source: `let seen
    attach(yargs(args)).command('add', 'adds', (y) => y.option('dry'), (argv) => { seen = argv }).parse()
    work('dry', seen.dry)`,
    args: ['add', '--dry'],
    rules: ['add'],
    prints: 'dry true\n',
  },
  {
    title: 'a synchronous handler under parseSync(), and code after it',
    source: `const argv = attach(yargs(args)).command('add', 'adds', {}, () => work('add')).parseSync()
    console.log('after', argv._.join())`,
    args: ['add'],
    rules: ['add'],
    prints: 'add\nafter add\n',
  },
  {
    title: 'a synchronous handler under parse(), and code after it',
    source: `const argv = attach(yargs(args)).command('add', 'adds', {}, () => work('add')).parse()
    console.log('after', argv._.join())`,
    args: ['add'],
    rules: ['add'],
    prints: 'add\nafter add\n',
  },
  {
    title: 'a synchronous handler by .argv',
    source: `attach(yargs(args)).command('add', 'adds', {}, () => work('add')).demandCommand(1).argv
    console.log('after')`,
    args: ['add'],
    prints: 'add\nafter\n',
  },
  {
    title: 'an asynchronous handler under parse()',
    source: `attach(yargs(args)).command('add', 'adds', {}, async () => {
      work('add')
      await sleep(5)
      work('added')
    }).parse()
    console.log('after')`,
    args: ['add'],
    prints: 'add\nafter\nadded\n',
  },
  {
    title: 'an asynchronous handler under parseAsync()',
    source: `const argv = await attach(yargs(args)).command('add', 'adds', {}, async () => {
      await sleep(5)
      work('added')
    }).parseAsync()
    console.log('after', argv._.join())`,
    args: ['add'],
    rules: ['add'],
    prints: 'added\nafter add\n',
  },
  {
    title: 'parse() with a callback',
    source: `attach(yargs()).command('add', 'adds', {}, () => work('add')).parse(args, (error, argv, output) => {
      work('callback', error?.message, argv._.join(), output)
    })
    console.log('after')`,
    args: ['add'],
    prints: 'add\ncallback undefined add \nafter\n',
  },
  {
    title: 'parse() with a context',
    source: `const argv = attach(yargs()).command('add', 'adds', {}, ({ base }) => work('add', base))
      .parse(args, { base: 1 })
    work('after', argv.base)`,
    args: ['add'],
    prints: 'add 1\nafter 1\n',
  },
  {
    title: 'the default command, with a handler',
    source: `attach(yargs(args)).command('$0 [file]', 'all of it', {}, ({ file }) => work('file', file)).parse()`,
    args: ['x'],
    rules: [''],
    prints: 'file x\n',
  },
  {
    title: 'the default command, without a handler',
    source: `const argv = attach(yargs(args))
      .command('$0 [file]', 'all of it', (y) => y.option('dry', { type: 'boolean' })).parse()
    work(argv.file, argv.dry)`,
    args: ['x', '--dry'],
    rules: [''],
    prints: 'x true\n',
  },
  ...[
    ['the default command, which also has a name', ['x'], ['start']],
    ['the default command, called by its name', ['start', 'x'], ['start']],
    ['the default command, a rule by its alias', ['x'], ['begin']],
    ['the default command, a rule for what runs without a name', ['x'], ['']],
  ].map(([title, args, rules]): Shape => ({
    title: title as string,
    source: `attach(yargs(args))
      .command(['start <name>', 'begin', '$0'], 'starts', {}, ({ name }) => work('start', name)).parse()`,
    args: args as string[],
    rules: rules as string[],
    prints: 'start x\n',
  })),
  {
    title: 'the default command of a group, which also has a name',
    source: `attach(yargs(args)).command(['db', 'data'], 'has commands', (y) =>
      y.command(['sync', '$0'], 'syncs', {}, () => work('sync')).command('drop', 'drops')).parse()`,
    args: ['data'],
    rules: ['db sync'],
    prints: 'sync\n',
  },
  {
    title: 'commands with a colon in their names',
    source: `attach(yargs(args)).command('db:migrate', 'migrates', {}, () => work('migrate'))
      .command('db:seed', 'seeds', {}, () => work('seed')).parse()`,
    args: ['db:seed'],
    rules: ['db:migrate', 'db:seed'],
    prints: 'seed\n',
  },
  ...[
    ['default options behind the arguments', '[...args, "--color"]', ['a']],
    ['an alias that the host expands', '["a", "--color"]', ['up']],
  ].map(([what, words, typed]): Shape => ({
    title: `${what as string}, and work after the handler`,
    source: `let given
    await attach(yargs(${words as string})).command('$0 <word>', 'works', {}, async (argv) => { given = argv })
      .parseAsync()
    await sleep(1)
    work(given.word, given.color)`,
    args: typed as string[],
    prints: 'a true\n',
  })),
  {
    title: 'exitProcess(false), and numbers that yargs writes in another way',
    source: `const { _ } = attach(yargs(args).exitProcess(false)).parse()
    setTimeout(() => work(..._), 1)`,
    args: ['0x10', '1.50', '1e3', 'x'],
    rules: [''],
    prints: '16 1.5 1000 x\n',
  },
  {
    title: 'usage() with a command, no handler',
    source: `const { argv } = attach(yargs(args)).usage('$0 <file>', 'all of it', (y) => y.positional('file', {}))
    work(argv.file)`,
    args: ['x'],
    prints: 'x\n',
  },
  {
    title: 'nested commands',
    source: `attach(yargs(args)).command('task', 'tasks', (y) => y
      .command('add <name>', 'adds', {}, ({ name }) => work('add', name))
      .demandCommand(1)).strict().parse()
    console.log('after')`,
    args: ['task', 'add', 'x'],
    rules: ['task add'],
    prints: 'add x\nafter\n',
  },
  {
    title: 'nested commands without handlers',
    source: `const argv = attach(yargs(args))
      .command('task', 'tasks', (y) => y.command('add <name>', 'adds')).parse()
    work(argv._.join(' '), argv.name)`,
    args: ['task', 'add', 'x'],
    rules: ['task add'],
    prints: 'task add x\n',
  },
  {
    title: 'modules as of a folder of commands',
    source: `const modules = ['add', 'list'].map((name) => ({
      command: name + ' [what]',
      aliases: [name[0]],
      describe: name,
      builder: { dry: { type: 'boolean' } },
      handler(argv) { work(name, argv.what, argv.dry, this === undefined) },
    }))
    attach(yargs(args)).command(modules).demandCommand().strict().parse()`,
    args: ['a', 'x', '--dry'],
    rules: ['add'],
    prints: 'add x true false\n',
  },
  {
    title: 'aliases, a rule by one of them',
    source: `attach(yargs(args)).command(['add <name>', 'a', 'plus'], 'adds', {}, () => work('add')).parse()`,
    args: ['a', 'x'],
    rules: ['plus'],
    prints: 'add\n',
  },
  {
    title: 'strict, with demands and checks of its own',
    source: `attach(yargs(args)).command('add', 'adds', (y) => y.option('n', { type: 'number', demandOption: true })
        .check(({ n }) => n > 0 || 'too small'), ({ n }) => work('add', n))
      .strict().demandCommand(1, 'a command is needed').recommendCommands().parse()`,
    args: ['add', '-n', '2'],
    prints: 'add 2\n',
  },
  {
    title: 'values that are coerced',
    source: `const argv = attach(yargs(args)).option('list', { coerce: (text) => text.split(',') }).parse()
    work(argv.list.length)`,
    args: ['--list', 'a,b'],
    prints: '2\n',
  },
  {
    title: 'values that are coerced asynchronously',
    source: `const argv = await attach(yargs(args)).option('list', { coerce: async (text) => text.split(',') })
      .parseAsync()
    work(argv.list.length)`,
    args: ['--list', 'a,b'],
    prints: '2\n',
  },
  {
    title: 'a prompt: exitProcess(false), a line is a command',
    source: `import { createInterface } from 'node:readline'
    const parser = attach(yargs().exitProcess(false).fail(false))
      .command('add [name]', 'adds', {}, ({ name }) => work('add', name))
      .command('list', 'lists', {}, () => idle('list'))
    ${ANSWERS}`,
    input: 'add x\nlist\n',
    rules: ['add'],
    commands: 2,
    prints: 'add x\nlist\nbye\n',
    livesOn: { prints: 'refused: add x LOCK_HELD\nlist\nbye\n', exitCode: 0 },
  },
  ...['', '.middleware(async () => { await sleep(1) })'].map((middleware) => ({
    title: `a prompt of one instance with a command below another${middleware && ', behind asynchronous middleware'}`,
    source: `import { createInterface } from 'node:readline'
    const parser = attach(yargs()${middleware}.exitProcess(false).fail(false))
      .command('db', 'has commands', (y) => y.command('sync', 'syncs', {}, () => work('sync')))
      .command('list', 'lists', {}, () => idle('list'))
    ${ANSWERS}`,
    input: 'db sync\nlist\ndb sync\n',
    rules: ['db sync'],
    commands: 3,
    prints: 'sync\nlist\nsync\nbye\n',
    livesOn: {
      prints: 'refused: db sync LOCK_HELD\nlist\nrefused: db sync LOCK_HELD\nbye\n',
      exitCode: 0,
    },
  })),
  {
    title: 'a synchronous prompt: exitProcess(false), a line is a command',
    source: `import { readFileSync } from 'node:fs'
    const parser = attach(yargs().exitProcess(false).fail(false))
      .command('add [name]', 'adds', {}, ({ name }) => work('add', name))
      .command('list', 'lists', {}, () => idle('list'))
    for (const line of readFileSync(0, 'utf8').trim().split('\\n')) {
      try {
        parser.parseSync(line.split(' '))
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
    title: 'exitProcess(false) and all of process.argv, a catch of its own that ends the process',
    source: `try {
      const argv = await attach(yargs(process.argv)).exitProcess(false).parse()
      work(argv._.at(-1))
    } catch (error) {
      console.log('the host caught', error.message)
      process.exit(1)
    }`,
    args: ['add'],
    prints: 'add\n',
  },
  {
    title: 'fail() of its own, a handler that rejects',
    source: `attach(yargs(args)).command('add', 'adds', {}, async () => {
      work('add')
      throw new Error('broken')
    }).fail((message, error) => {
      console.log('the host saw', message, error?.message)
      process.exit(7)
    }).parse()`,
    args: ['add'],
    prints: 'add\nthe host saw null broken\n',
    exitCode: 7,
  },
  {
    title: 'fail(false) and a catch of its own',
    source: `try {
      await attach(yargs(args)).fail(false).command('add', 'adds', {}, async () => {
        work('add')
        throw new Error('broken')
      }).parseAsync()
    } catch (error) {
      console.log('the host caught', error.message)
      process.exitCode = 3
    }`,
    args: ['add'],
    prints: 'add\nthe host caught broken\n',
    exitCode: 3,
  },
  {
    title: 'a handler that throws',
    source: `attach(yargs(args)).command('add', 'adds', {}, () => {
      work('add')
      throw new Error('broken')
    }).parse()`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 1,
  },
  {
    title: 'process.exit() in a handler',
    source: `attach(yargs(args)).command('add', 'adds', {}, () => {
      work('add')
      process.exit(3)
    }).parse()
    console.log('never')`,
    args: ['add'],
    prints: 'add\n',
    exitCode: 3,
  },
  {
    title: 'a builder that awaits argv',
    source: `await attach(yargs(args)).command('add', 'adds', async (y) => {
      const { dry } = await y.option('dry', { type: 'boolean' }).argv
      return y.option('seen', { default: dry })
    }, (argv) => work('add', argv.dry, argv.seen)).parseAsync()`,
    args: ['add', '--dry'],
    prints: 'add true true\n',
  },
  {
    title: 'an asynchronous builder',
    source: `await attach(yargs(args)).command('add', 'adds', async (y) => {
      await sleep(1)
      return y.option('dry', { type: 'boolean' })
    }, async (argv) => work('add', argv.dry)).parseAsync()
    console.log('after')`,
    args: ['add', '--dry'],
    rules: ['add'],
    prints: 'add true\nafter\n',
  },
  {
    title: 'middleware of its own, before and after the plugin is there',
    source: `const first = yargs(args).middleware((argv) => { argv.first = 1 })
    attach(first).middleware((argv) => work('second', argv.first))
      .command('add', 'adds', {}, () => work('add'), [() => work('third')]).parse()
    console.log('after')`,
    args: ['add'],
    prints: 'second 1\nthird\nadd\nafter\n',
  },
  {
    title: 'asynchronous middleware of its own',
    source: `const first = yargs(args).middleware(async (argv) => {
      await sleep(1)
      argv.first = 1
    })
    await attach(first).middleware(async (argv) => {
      await sleep(1)
      work('second', argv.first)
    }).command('add', 'adds', {}, () => work('add')).parseAsync()
    console.log('after')`,
    args: ['add'],
    prints: 'second 1\nadd\nafter\n',
  },
  {
    title: 'asynchronous middleware of its own before a command below another',
    source: `const first = yargs(args).middleware(async (argv) => {
      await sleep(1)
      argv.first = 1
    })
    await attach(first).command('db [table]', 'has commands', (y) =>
      y.command(['sync <name>', 's'], 'syncs', {}, ({ first, name }) => work('sync', first, name))
    ).parseAsync()
    console.log('after')`,
    args: ['db', 's', 'x'],
    rules: ['db sync'],
    prints: 'sync 1 x\nafter\n',
  },
  {
    title: 'middleware of its own before validation',
    source: `attach(yargs(args)).middleware((argv) => { argv.n ??= 5 }, true)
      .command('add', 'adds', (y) => y.option('n', { demandOption: true }), ({ n }) => work('add', n)).parse()`,
    args: ['add'],
    prints: 'add 5\n',
  },
  {
    title: 'two instances, the second for the command that the first found',
    source: `const build = (inner) => attach(yargs(args)).option('dir', { default: 'd' })
      .parserConfiguration(inner ? {} : { 'halt-at-non-option': true })
      .command('report', 'reports', {}, () => work('report'))
    const found = yargs(args).help(false).version(false).parse()
    console.log('found', found._.join())
    build(true).parse()`,
    args: ['report'],
    prints: 'found report\nreport\n',
    beforehand: 'found report\n',
  },
  {
    title: 'two instances with the plugin that parse the same arguments',
    source: `const build = () => attach(yargs(args)).option('dir', { default: 'd' })
    const { dir } = build().parse()
    work('first', dir)
    work('second', build().option('other', { default: 'o' }).parse().other)`,
    prints: 'first d\nsecond o\n',
  },
  {
    title: 'an instance that parses again inside a handler',
    source: `const parser = attach(yargs(args)).command('inner', 'inner', {}, () => work('inner'))
      .command('outer', 'outer', {}, async () => {
        work('outer')
        await attach(yargs(['inner'])).command('inner', 'inner', {}, () => work('inner')).parseAsync()
        work('outer again')
      })
    await parser.parseAsync()`,
    args: ['outer'],
    commands: 'nested',
    prints: 'outer\ninner\nouter again\n',
  },
  {
    title: 'an instance that runs two commands, one after the other',
    source: `const parser = attach(yargs()).command('add <name>', 'adds', {}, ({ name }) => work('add', name))
    parser.parse('add a')
    parser.parse('add b')`,
    commands: 2,
    prints: 'add a\nadd b\n',
  },
  {
    title: 'withLock() around a synchronous handler',
    source: `const argv = attach(yargs(args)).command('add', 'adds', {}, locked(() => work('add'))).parse()
    console.log('after', argv._.join())`,
    args: ['add'],
    rules: [],
    prints: 'add\nafter add\n',
  },
  {
    title: 'withLock() around an asynchronous handler',
    source: `await attach(yargs(args)).command('add', 'adds', {}, locked(async () => {
      await sleep(5)
      work('add')
    })).parseAsync()
    console.log('after')`,
    args: ['add'],
    rules: [],
    prints: 'add\nafter\n',
  },
  {
    title: 'withLock() around a module, and a rule on the same resource',
    source: `attach(yargs(args)).command(locked({ command: 'add', describe: 'adds', handler: () => work('add') }))
      .parse()
    console.log('after')`,
    args: ['add'],
    rules: ['add'],
    prints: 'add\nafter\n',
  },
  {
    title: 'CommonJS, the one instance of the package',
    source: `attach(yargs.command('add', 'adds', {}, () => work('add')))
    const { argv } = yargs
    work('after', argv._.join())`,
    args: ['add'],
    isCommonJs: true,
    prints: 'add\nafter add\n',
  },
  {
    title: 'CommonJS, argv of the package itself',
    source: `attach(yargs)
    work(yargs.argv.dry)`,
    args: ['--dry'],
    isCommonJs: true,
    prints: 'true\n',
  },
  ...[
    ['--help'],
    ['--version'],
    ['add', '--help'],
    ['--get-yargs-completions', 'a'],
    ['add', '--no'],
  ].map((args) => ({
    title: `no command: ${args.join(' ')}`,
    source: `attach(yargs(args)).completion().version('1.2.3').strict().demandCommand(1)
      .command('add', 'adds', {}, () => work('add')).parse()`,
    args,
    commands: 0,
    ...(args.includes('--no') ? { exitCode: 1 } : {}),
  })),
]
