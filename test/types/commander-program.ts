// Compiled but never run: what a commander program can write, and what the compiler must refuse.
import { cliOps, emits, withLock } from '@cli-ops/commander-plugin'
import type { CliOpsOptions, CommandRule, LockRule } from '@cli-ops/commander-plugin'
import { useOps } from '@cli-ops/shared-ipc'
import { Command, program as singleton } from 'commander'

const program: Command = new Command('cli').use(cliOps()).version('1.0.0')
singleton.use(
  cliOps({
    ops: true,
    lifecycleEvents: false,
    rateLimit: { max: 5, perMs: 1000 },
    serve: { ping: () => 'pong' },
  }),
)
cliOps()(program)

const rule: LockRule = { resource: 'db', mode: 'shared', timeoutMs: 5_000, onBusy: 'skip' }
const rules: Record<string, CommandRule> = {
  sync: { lock: 'db', emits: 'sync:done' },
  add: { lock: rule, emits: ({ result, args }) => ({ type: 'added', data: { result, args } }) },
  '*': { lock: ({ args }) => String(args[0]), emits: () => undefined },
}
const options: CliOpsOptions = { name: 'cli', version: '1', commands: rules }
program.use(cliOps(options))

program.command('sync').action(withLock('db', async () => undefined))
program.command('add <title>').action(
  withLock(
    rule,
    emits('task:created', async (title: string, { due }: { due?: string }) => ({
      id: '1',
      title,
      due,
    })),
  ),
)
program.command('this').action(
  withLock('db', function (this: Command) {
    this.outputHelp()
  }),
)
program.command('list').action(async () => {
  const ops = useOps()
  await ops.locks.acquire('db', (lock) => lock.token > 0n)
})

// @ts-expect-error -- no plugin, but what makes one
program.use(cliOps)
// @ts-expect-error -- a misspelt option
cliOps({ lifecycleEvent: false })
// @ts-expect-error -- a rule is an object
cliOps({ commands: { sync: 'db' } })
// @ts-expect-error -- a misspelt way of being busy
cliOps({ commands: { sync: { lock: { resource: 'db', onBusy: 'retry' } } } })
// @ts-expect-error -- a lock needs a resource
withLock({ mode: 'shared' }, () => undefined)
// @ts-expect-error -- an action is a function
withLock('db', 'sync')
// @ts-expect-error -- an event needs data
const withoutData: CommandRule = { emits: () => ({ type: 'added' }) }
// @ts-expect-error -- the arguments of the action stay typed
void withLock('db', (title: string) => title)(7)
program.use(cliOps({ commands: { withoutData } }))
