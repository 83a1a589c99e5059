// Compiled but never run: the types of requests, with zod schemas.
import { IPCClient, IPCServer, LockManager } from '@cli-ops/shared-ipc'
import * as z from 'zod'

const server = new IPCServer('cli')
const schemas = {
  input: z.object({ id: z.string(), limit: z.coerce.number().default(10) }),
  output: z.object({ title: z.string() }),
}
server.handle('get-task', schemas, ({ id, limit }, { signal, progress }) => {
  id satisfies string
  limit satisfies number
  signal satisfies AbortSignal
  void progress({ done: 1 })
  return { title: id }
})
server.handle('get-task-later', schemas, async ({ id }) => ({ title: id }))
server.handle('get-task-again', { ...schemas, handler: ({ id }) => ({ title: id }) })
server.handle('ping', () => 'pong')
server.on('request', async (data) => data['action'])

// @ts-expect-error -- the output has a title
server.handle('no-title', schemas, () => ({ name: 'x' }))
// @ts-expect-error -- the output has a title, also beside its handler
server.handle('no-title', { ...schemas, handler: () => ({ name: 'x' }) })
// @ts-expect-error -- the input has no such member
server.handle('no-member', schemas, (task) => ({ title: String(task.name) }))
// @ts-expect-error -- there is one event
server.on('message', () => undefined)

const client = new IPCClient('cli', { timeoutMs: 1_000 })
const task = await client.call<{ title: string }>('get-task', { id: '1' })
task.title satisfies string
const answer: unknown = await client.call('ping')
// @ts-expect-error -- what is not declared is not known
answer.title satisfies unknown

const locks = new LockManager('db')
;(await locks.acquire(() => 7)) satisfies number
;(await locks.acquire('other', async () => 'x', { mode: 'shared' })) satisfies string
await using lock = await locks.lock()
lock.token satisfies bigint
// @ts-expect-error -- null where it is taken
void (await locks.tryLock()).release()
// @ts-expect-error -- milliseconds are a number
await locks.lock('db', { timeoutMs: '5s' })
