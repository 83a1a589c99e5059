import { once } from 'node:events'
import { IPCServer } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

const PEERS = 40
/** Messages of one connection between two polls of the loop. */
const SHARE = 128
/** Two polls of the loop. */
const MAX_AHEAD = 2 * SHARE

async function startServer() {
  const server = new IPCServer('cli-alpha', { home: temporaryHome(), closeGraceMs: 0 })
  onTestFinished(() => server.close())
  let handled = 0
  server.handle('note', () => {
    handled += 1
  })
  // Returns how many notes had been taken by then.
  server.handle('count', () => handled)
  await server.ready
  const good = await RawConnection.open(server.endpoint!)
  const count = async (): Promise<number> => {
    good.send({ jsonrpc: '2.0', id: 1, method: 'count' })
    return ((await good.line()) as { result: number }).result
  }
  await count()
  const open = async (): Promise<RawConnection[]> => {
    const peers: RawConnection[] = []
    while (peers.length < PEERS) peers.push(await RawConnection.open(server.endpoint!))
    // All of them accepted and idle.
    for (const peer of peers) {
      peer.send({ jsonrpc: '2.0', id: 1, method: 'count' })
      await peer.line()
    }
    return peers
  }
  return { count, open }
}

/** Waits until each peer has received that many lines. */
async function receiveLines(peers: readonly RawConnection[], count: number): Promise<void> {
  for (const peer of peers) await peer.lines(count)
}

const request = (id: number): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'note' })}\n`

test.each([
  ['some hundreds of requests each, in one read', 800],
  ['more than is read at once', 4000],
])('peers that pour out %s make others wait only for a share of each', async (_, each) => {
  const { count, open } = await startServer()
  const peers = await open()
  const requests = Array.from({ length: each }, (_unused, id) => request(id)).join('')
  for (const peer of peers) peer.write(requests)
  let before = 0
  for (let turn = 0; turn < 2; turn += 1) {
    const taken = await count()
    expect(taken - before).toBeLessThanOrEqual(PEERS * MAX_AHEAD)
    before = taken
  }
  // All of it was only delayed.
  expect(before).toBeLessThan(PEERS * each)
  await receiveLines(peers, each)
  expect(await count()).toBe(PEERS * each)
})

test('a batch counts as its messages', async () => {
  const { count, open } = await startServer()
  const peers = await open()
  const batch = Array.from({ length: 100 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'note' }))
  for (const peer of peers) peer.send(...Array.from({ length: 8 }, () => batch))
  // At most two of each peer between two polls.
  expect(await count()).toBeLessThanOrEqual(PEERS * 2 * 200)
  await receiveLines(peers, 8)
})

test('garbage is refused a share at a time, and its sender is served like any other', async () => {
  const { count, open } = await startServer()
  const peers = await open()
  const each = 2000
  for (const peer of peers) peer.write('1\n{\n'.repeat(each / 2))
  const repliesAt = (): number =>
    peers.reduce((sum, { received }) => sum + received.split('\n').length - 1, 0)
  for (let turn = 0; turn < 3; turn += 1) {
    const before = repliesAt()
    await count()
    expect(repliesAt() - before).toBeLessThanOrEqual(PEERS * MAX_AHEAD)
  }
  const [first] = peers
  await receiveLines([first!], each)
  first!.send({ jsonrpc: '2.0', id: 7, method: 'count' })
  expect(await first!.line()).toMatchObject({ id: 7, result: 0 })
})

test.each([
  ['requests', request(1).repeat(1000)],
  ['garbage', 'garbage\n'.repeat(1000)],
  [
    'large requests',
    `{"jsonrpc":"2.0","id":1,"method":"note","params":"${'x'.repeat(900_000)}"}\n`,
  ],
  ['a line without an end', '['.repeat(64 * 1024)],
])('a peer that never stops pouring out %s keeps no other from an answer', async (_, text) => {
  const { count, open } = await startServer()
  const [flood] = await open()
  let isOver = false
  let poured = 0
  const pouring = (async () => {
    while (!isOver) {
      poured += 1
      if (!flood!.socket.write(text)) await once(flood!.socket, 'drain')
      // Its answers do not matter here.
      flood!.received = ''
    }
  })()
  for (let answers = 0; answers < 50; answers += 1) await count()
  const before = poured
  // The flood was not cut off.
  await expect.poll(() => poured).toBeGreaterThan(before)
  isOver = true
  await pouring
})
