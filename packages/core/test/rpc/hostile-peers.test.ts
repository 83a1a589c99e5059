import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { IPCClient, IPCServer, type IPCServerOptions } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

const MEBIBYTE = 1024 * 1024

async function startServer(options: IPCServerOptions = {}) {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 0, ...options })
  onTestFinished(() => server.close())
  server.handle('echo', (data) => data)
  server.handle<number>('fill', async (bytes) => {
    await new Promise(setImmediate)
    return 'x'.repeat(bytes)
  })
  await server.ready
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  const answers = async (): Promise<void> => {
    expect(await client.call('echo', 'fine')).toBe('fine')
  }
  return { server, endpoint: server.endpoint!, answers }
}

/** Writes until the peer has taken everything or has gone. */
async function pour(raw: RawConnection, chunk: Buffer, times: number): Promise<void> {
  for (let count = 0; count < times && raw.socket.writable; count += 1) {
    if (raw.socket.write(chunk)) continue
    await new Promise<void>((resolve) => {
      const go = (): void => {
        raw.socket.off('drain', go).off('close', go)
        resolve()
      }
      raw.socket.on('drain', go).on('close', go)
    })
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Memory still referenced: the amount of garbage is random. */
function memory(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Freed memory leaves the count a moment after the collection. */
function expectGrowthBelow(bytes: number, before: number): Promise<void> {
  return expect.poll(() => memory() - before, { timeout: 60_000 }).toBeLessThan(bytes)
}

test('an endless line is refused once and costs no memory', async () => {
  const { endpoint, answers } = await startServer()
  const raw = await RawConnection.open(endpoint)
  await answers()
  const before = memory()
  await pour(raw, Buffer.alloc(MEBIBYTE, '['), 200)
  await expectGrowthBelow(32 * MEBIBYTE, before)
  expect(await raw.line()).toMatchObject({ id: null, error: { code: -32001 } })
  expect(raw.received).toBe('')
  raw.write('\n')
  raw.send({ jsonrpc: '2.0', id: 1, method: 'echo', params: 'back' })
  expect(await raw.line()).toMatchObject({ id: 1, result: 'back' })
  await answers()
})

test('a declared body of two gigabytes is refused at its header', async () => {
  const { endpoint, answers } = await startServer()
  const raw = await RawConnection.open(endpoint)
  const before = memory()
  raw.write('Content-Length: 2000000000\r\n\r\n')
  await pour(raw, Buffer.alloc(MEBIBYTE, 'x'), 200)
  await raw.ended
  await expectGrowthBelow(32 * MEBIBYTE, before)
  await answers()
})

test('a message that arrives byte by byte costs its size and is answered', async () => {
  const { endpoint } = await startServer()
  const raw = await RawConnection.open(endpoint)
  raw.socket.setNoDelay(true)
  const message = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo', params: 'slow' })}\n`
  for (const byte of message) {
    raw.write(byte)
    await new Promise(setImmediate)
  }
  expect(await raw.line()).toMatchObject({ result: 'slow' })
})

test('a peer that reads nothing is not read either, and does not hold up others', async () => {
  const { endpoint, answers } = await startServer()
  const before = memory()
  const raws: RawConnection[] = []
  const request = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo', params: 'x'.repeat(2000) })}\n`
  const chunk = Buffer.from(request.repeat(100))
  for (let count = 0; count < 50; count += 1) {
    const raw = await RawConnection.open(endpoint)
    raw.socket.pause()
    // Never awaited: at some point the peer takes no more.
    void pour(raw, chunk, 100)
    raws.push(raw)
  }
  for (let count = 0; count < 100; count += 1) await answers()
  await expectGrowthBelow(64 * MEBIBYTE, before)
  // It was held back, not dropped.
  raws[0]!.socket.resume()
  expect(await raws[0]!.line()).toMatchObject({ id: 1 })
})

test('a peer that requests more than it reads is cut off at the limit', async () => {
  const { endpoint, answers } = await startServer({ maxUnreadBytes: 2 * MEBIBYTE })
  const raw = await RawConnection.open(endpoint)
  raw.socket.pause()
  for (let id = 0; id < 20; id += 1)
    raw.send({ jsonrpc: '2.0', id, method: 'fill', params: MEBIBYTE - 100 })
  await answers()
  raw.socket.resume()
  await raw.ended
  expect(raw.received.length).toBeLessThan(20 * (MEBIBYTE - 100))
  await answers()
})

test('a flood of 100,000 requests on one connection is answered in full', async () => {
  const { endpoint } = await startServer()
  const raw = await RawConnection.open(endpoint)
  const count = 100_000
  let lines = 0
  const done = new Promise<void>((resolve) => {
    raw.socket.removeAllListeners('data')
    raw.socket.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines += 1
      if (lines === count) resolve()
    })
  })
  const text = Array.from(
    { length: 1000 },
    (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"echo","params":[1]}\n`,
  ).join('')
  await pour(raw, Buffer.from(text), count / 1000)
  await done
})

test('deeply nested JSON is refused or answered, and nothing overflows', async () => {
  const { endpoint, answers } = await startServer()
  const raw = await RawConnection.open(endpoint)
  for (const params of [
    '['.repeat(400_000) + ']'.repeat(400_000),
    '[{"__proto__":'.repeat(50_000) + '1' + '}]'.repeat(50_000),
  ]) {
    raw.write(`{"jsonrpc":"2.0","id":1,"method":"echo","params":${params}}\n`)
    expect(await raw.line()).toHaveProperty('error.code')
    await answers()
  }
})

test('two hundred concurrent connections are all answered', async () => {
  const { endpoint } = await startServer()
  const raws = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(endpoint)))
  raws.forEach((raw, id) => {
    raw.send({ jsonrpc: '2.0', id, method: 'echo', params: [id] })
  })
  const replies = await Promise.all(raws.map((raw) => raw.line()))
  expect(replies).toEqual(raws.map((_, id) => ({ jsonrpc: '2.0', id, result: [id] })))
})
