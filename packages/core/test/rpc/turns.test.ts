import { IPCServer } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

const PEERS = 40
/** Two polls of the loop, a share each for those in line and for those who are not yet, and one message of each peer. */
const MAX_AHEAD = 2 * (16 + 16) + 2 * PEERS
/** As many refusals, each worth eight, and two turns of those who are not trusted. */
const MAX_REFUSED = (2 * (16 + 16 + 64)) / 8

async function startServer() {
  const server = new IPCServer('cli-alpha', { home: temporaryHome(), closeGraceMs: 0 })
  onTestFinished(() => server.close())
  let handled = 0
  server.handle('note', () => {
    handled += 1
  })
  // How many notes were taken by the time this was.
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
    // Accepted and idle, all of them.
    for (const peer of peers) {
      peer.send({ jsonrpc: '2.0', id: 1, method: 'count' })
      await peer.line()
    }
    return peers
  }
  return { count, open }
}

/** Waits until each peer has been sent so many lines. */
async function receiveLines(peers: readonly RawConnection[], count: number): Promise<void> {
  for (const peer of peers) await peer.lines(count)
}

const request = (id: number): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'note' })}\n`

test.each([
  ['a few requests each, in one small chunk', 50],
  ['more than is read at once', 2000],
])('peers that pour out %s keep nobody waiting for more than a share', async (_, each) => {
  const { count, open } = await startServer()
  const peers = await open()
  const requests = Array.from({ length: each }, (_unused, id) => request(id)).join('')
  for (const peer of peers) peer.write(requests)
  let before = 0
  for (let turn = 0; turn < 10; turn += 1) {
    const taken = await count()
    expect(taken - before).toBeLessThanOrEqual(MAX_AHEAD)
    before = taken
  }
  // All of it was only put off.
  expect(before).toBeLessThan(PEERS * each)
  await receiveLines(peers, each)
  expect(await count()).toBe(PEERS * each)
})

test('a batch counts as what is in it', async () => {
  const { count, open } = await startServer()
  const peers = await open()
  const batch = Array.from({ length: 100 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'note' }))
  for (const peer of peers) peer.send(batch, batch, batch)
  // At most one for each of the shares of two polls.
  expect(await count()).toBeLessThanOrEqual(4 * 100)
  await receiveLines(peers, 3)
})

test('garbage is refused a little at a time, and who sends it can mend his ways', async () => {
  const { count, open } = await startServer()
  const peers = await open()
  const each = 900
  for (const peer of peers) peer.write('1\n{\n'.repeat(each / 2))
  const repliesAt = (): number =>
    peers.reduce((sum, { received }) => sum + received.split('\n').length - 1, 0)
  await count()
  expect(repliesAt()).toBeLessThanOrEqual(MAX_AHEAD)
  for (let turn = 0; turn < 10; turn += 1) {
    const before = repliesAt()
    await count()
    // By now all wait in line, and a refusal is worth eight messages.
    expect(repliesAt() - before).toBeLessThanOrEqual(MAX_REFUSED)
  }
  const [first] = peers
  await receiveLines([first!], each)
  first!.send({ jsonrpc: '2.0', id: 7, method: 'count' })
  expect(await first!.line()).toMatchObject({ id: 7, result: 0 })
})

test('who sends a thousand things that are no messages is cut off, and good ones count against them', async () => {
  const { open, count } = await startServer()
  const [bad, mixed] = await open()
  bad!.write('garbage\n'.repeat(1100))
  const pairs = Array.from({ length: 1100 }, (_, id) => `garbage\n${request(id)}`)
  mixed!.write(pairs.join(''))
  await bad!.ended
  expect(bad!.received.split('\n').length - 1).toBeLessThanOrEqual(1001)
  await receiveLines([mixed!], 2200)
  expect(await count()).toBe(1100)
})
