import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Message, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'

import VECTORS from '../../../../test/vectors/wire.json' with { type: 'json' }
import { expand } from '../../../cli/src/conformance/expand.js'
import { unmatched } from '../../../cli/src/conformance/matches.js'
import { linesOf } from '../fixtures/lines-of.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'
import { startServer } from './wire-server.js'

temporaryRuntime()

interface Case {
  readonly name: string
  readonly sent: readonly unknown[]
  readonly received: readonly unknown[]
}

/** The vectors of whole messages: these clients do not choose how bytes are cut. */
const CASES: readonly Case[] = VECTORS.vectors.flatMap((vector) => {
  const expansion = { index: 0, max: 1 << 20 }
  const steps = expand(vector.send, expansion) as { readonly message?: unknown }[]
  if (steps.some((step) => !('message' in step))) return []
  const sent = steps.map(({ message }) => message)
  return [{ name: vector.name, sent, received: expand(vector.receive, expansion) as unknown[] }]
})

/** Five lines of another language: stdin goes to the socket, and the socket to stdout. */
const PYTHON = `
import socket, sys, threading
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
threading.Thread(target=lambda: [print(line, end='', flush=True) for line in s.makefile(encoding='utf-8', newline='\\n')], daemon=True).start()
for line in sys.stdin.buffer: s.sendall(line)
`

/** Sends messages over a separate connection and takes that many replies. */
type Exchange = (endpoint: string, sent: readonly unknown[], count: number) => Promise<unknown[]>

/** A program that sends its input to a socket and prints the replies. */
function program(command: string, argsFor: (endpoint: string) => readonly string[]): Exchange {
  return async (endpoint, sent, count) => {
    const child = start(command, argsFor(endpoint))
    child.stdin!.write(sent.map((message) => `${JSON.stringify(message)}\n`).join(''))
    const replies: unknown[] = []
    for await (const line of linesOf(child.stdout!)) {
      if (replies.push(JSON.parse(line)) === count) break
    }
    return replies
  }
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.on('error', () => undefined)
  return child
}

/** The reader and writer below every vscode-jsonrpc connection: they send invalid requests as well. */
const vscodeJsonrpc: Exchange = async (endpoint, sent, count) => {
  const socket = connect(endpoint)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  const replies: unknown[] = []
  const complete = new Promise<void>((resolve) => {
    new StreamMessageReader(socket).listen((reply) => {
      if (replies.push(reply) === count) resolve()
    })
  })
  const writer = new StreamMessageWriter(socket)
  for (const message of sent) await writer.write(message as Message)
  await complete
  return replies
}

interface Client {
  readonly title: string
  /** The program that it needs. */
  readonly command?: string
  readonly exchange: Exchange
}

const CLIENTS: readonly Client[] = [
  { title: 'vscode-jsonrpc', exchange: vscodeJsonrpc },
  {
    title: 'a raw socket in Python',
    command: 'python3',
    exchange: program('python3', (endpoint) => ['-c', PYTHON, endpoint]),
  },
  { title: 'nc -U', command: 'nc', exchange: program('nc', (endpoint) => ['-U', endpoint]) },
  {
    title: 'socat',
    command: 'socat',
    exchange: program('socat', (endpoint) => ['-', `UNIX-CONNECT:${endpoint}`]),
  },
]

describe.each(CLIENTS)('$title', ({ command, exchange }) => {
  const isMissing = command !== undefined && spawnSync(command, ['-h']).error !== undefined

  test.for(CASES)('$name', async ({ sent, received }, context) => {
    context.skip(isMissing, `${command} is not installed here`)
    const { endpoint } = await startServer()
    const messages = [...sent, { jsonrpc: '2.0', id: 'last', method: '$/ping' }]
    const replies = await exchange(endpoint, messages, received.length + 1)
    // The last request may overtake a slow handler.
    expect(unmatched(replies, [...received, { id: 'last', result: {} }])).toBeUndefined()
  })
})
