import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

import { afterEach, describe, expect, test } from 'vitest'

import { judgeLiveness, readStat } from '../../../src/base/process/liveness.js'
import {
  formatIdentity,
  ownIdentity,
  parseIdentity,
  parseProcStat,
  type ProcessIdentity,
} from '../../../src/base/process/process-identity.js'

const LOCAL = { localFileSystem: true }
const linux = process.platform === 'linux'

const children: ReturnType<typeof spawn>[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(): { readonly child: ReturnType<typeof spawn>; readonly identity: ProcessIdentity } {
  const child = spawn('sleep', ['60'])
  children.push(child)
  const pid = child.pid ?? 0
  const stat = readStat(`/proc/${pid}/stat`)
  return { child, identity: { ...ownIdentity(), pid, tid: pid, start: stat?.start ?? '' } }
}

describe.runIf(linux)('judgeLiveness', () => {
  test('finds this process running', () => {
    expect(judgeLiveness(ownIdentity(), LOCAL)).toBe('running')
  })

  test('follows a process that is stopped, resumed and killed', async () => {
    const { child, identity } = start()
    expect(judgeLiveness(identity, LOCAL)).toBe('running')
    child.kill('SIGSTOP')
    await expect.poll(() => judgeLiveness(identity, LOCAL)).toBe('stopped')
    child.kill('SIGCONT')
    await expect.poll(() => judgeLiveness(identity, LOCAL)).toBe('running')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(judgeLiveness(identity, LOCAL)).toBe('dead')
  })

  test('considers an identity with a partner dead when both are', async () => {
    const [first, second] = [start(), start()]
    const { pid, start: began } = second.identity
    const both = { ...first.identity, partner: { pid, start: began } }
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    expect(judgeLiveness(both, LOCAL)).toBe('running')
    expect(judgeLiveness({ ...both, partner: { pid, start: '1' } }, LOCAL)).toBe('dead')
    second.child.kill('SIGKILL')
    await once(second.child, 'exit')
    expect(judgeLiveness(both, LOCAL)).toBe('dead')
  })

  test('considers a process dead if its pid is in use again', () => {
    const { identity } = start()
    expect(judgeLiveness({ ...identity, start: '1' }, LOCAL)).toBe('dead')
  })

  test('considers a zombie dead, although kill(pid, 0) finds it', async () => {
    // The shell replaces itself with a program that never waits for its child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    children.push(parent)
    const [output] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(output.toString())
    const identity = {
      ...ownIdentity(),
      pid,
      tid: pid,
      start: readStat(`/proc/${pid}/stat`)?.start ?? '',
    }
    // Until it has replaced itself, the shell would collect its child.
    await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => readStat(`/proc/${pid}/stat`)?.state).toBe('Z')
    expect(() => process.kill(pid, 0)).not.toThrow()
    expect(judgeLiveness(identity, LOCAL)).toBe('dead')
  })

  test('considers another boot of this machine dead, on a local file system only', () => {
    const before = { ...ownIdentity(), boot: '0123456789ab', seenAt: '1' }
    expect(judgeLiveness(before, LOCAL)).toBe('dead')
    expect(judgeLiveness(before, { localFileSystem: false })).toBe('unknown')
    expect(judgeLiveness({ ...before, machine: 'ffffffffffffffff' }, LOCAL)).toBe('unknown')
    expect(judgeLiveness({ ...before, machine: '' }, LOCAL)).toBe('unknown')
  })

  test('considers alive a zombie whose other threads keep running', async (context) => {
    // Ends only the main thread, as SIGKILL does while another thread is busy in the kernel.
    const script = `
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
print('started', flush=True)
ctypes.CDLL(None).syscall(60, 0)`
    context.skip(process.arch !== 'x64', 'the number of the system call differs')
    const child = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    await once(child.stdout, 'data')
    const pid = child.pid!
    await expect.poll(() => readStat(`/proc/${pid}/stat`)?.state).toBe('Z')
    const start = readStat(`/proc/${pid}/stat`)?.start ?? ''
    const identity = { ...ownIdentity(), pid, tid: pid, start }
    expect(judgeLiveness(identity, LOCAL)).toBe('running')
    child.kill('SIGKILL')
    await expect.poll(() => judgeLiveness(identity, LOCAL)).toBe('dead')
  })

  test('does not consider a process dead because of another boot if it began after this kernel booted', () => {
    const sibling = { ...ownIdentity(), boot: '0123456789ab' }
    expect(judgeLiveness(sibling, LOCAL)).toBe('unknown')
    expect(judgeLiveness({ ...sibling, seenAt: '' }, LOCAL)).toBe('unknown')
  })

  test.each([
    { boot: '' },
    { pidNamespace: '' },
    { boot: '', pidNamespace: '', machine: '', start: '' },
    { boot: '', seenAt: '1' },
  ])('concludes nothing from missing facts: %j', (absent) => {
    const gone = { ...ownIdentity(), pid: 2 ** 22, tid: 2 ** 22 }
    expect(judgeLiveness(gone, LOCAL)).toBe('dead')
    expect(judgeLiveness({ ...gone, ...absent }, LOCAL)).toBe('unknown')
  })

  test('does not judge a process of another container by its pid', () => {
    const other = { ...ownIdentity(), pid: 2 ** 22, pidNamespace: '1', start: '' }
    expect(judgeLiveness(other, LOCAL)).toBe('unknown')
  })

  test('distinguishes an ended worker thread from its process', async () => {
    const code = `
      const { parentPort } = require('node:worker_threads')
      const { readlinkSync, readFileSync } = require('node:fs')
      parentPort.postMessage([readlinkSync('/proc/thread-self'), readFileSync('/proc/thread-self/stat', 'latin1')])
      setInterval(() => {}, 1000)`
    const worker = new Worker(code, { eval: true })
    const [[link, stat]] = (await once(worker, 'message')) as [[string, string]]
    const thread = { tid: Number(link.split('/').at(-1)), start: parseProcStat(stat)?.start ?? '' }
    const identity = { ...ownIdentity(), ...thread }
    expect(identity.tid).not.toBe(identity.pid)
    expect(judgeLiveness(identity, LOCAL)).toMatch(/running/)
    await worker.terminate()
    await expect.poll(() => judgeLiveness(identity, LOCAL)).toBe('dead')
  })
})

test('an identity survives in a file name', () => {
  expect(parseIdentity(formatIdentity(ownIdentity()))).toEqual(ownIdentity())
})

test('an identity with a partner survives it, too', () => {
  for (const start of ['4711', '']) {
    const identity = { ...ownIdentity(), partner: { pid: 4243, start } }
    expect(parseIdentity(formatIdentity(identity))).toEqual(identity)
  }
})

test('an identity without a time can be read as well', () => {
  const text = formatIdentity({ ...ownIdentity(), seenAt: '' })
  expect(parseIdentity(text.replace(/\.w$/u, ''))).toEqual(parseIdentity(text))
})

test.each(['', 'p1', 'p1.t1.s1.bZZ.n1.m', 'p1.t1.s.b.n.m/..', 'p-1.t1.s.b.n.m'])(
  '%j is not an identity',
  (text) => {
    expect(parseIdentity(text)).toBeUndefined()
  },
)

test('a command name with spaces and parentheses does not confuse the stat parser', () => {
  const line = '42 (a) S 1 (x)) T 7 42 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 58553 0'
  expect(parseProcStat(line)).toEqual({
    state: 'T',
    parent: 7,
    group: 42,
    session: 40,
    threads: 1,
    start: '58553',
  })
  expect(parseProcStat('')).toBeUndefined()
})
