/**
 * The process beside a command whose locks, events or registration are on an engine. It has nothing of its host but two pipes:
 * when those end, the host has ended, however that came about.
 */
import type { OpenCommand } from '../../registry/contract/registry-driver.js'
import { killedEventJson } from '../../events/contract/killed-event.js'
import { resolveEngineLimits } from '../../engine/engine-limits.js'
import { ownProcess } from '../../base/process/own-process.js'
import { markKeptLocks } from '../../locks/contract/lock-id.js'
import { closeInherited } from './close-inherited.js'
import { encodeFrame, FrameReader } from './frames.js'
import { KeptLocks, reportError } from './kept-locks.js'
import { KeptTraces } from './kept-traces.js'
import type { CompanionMessage, HostFacts, HostMessage } from './messages.js'
import { withinTime } from '../../base/wait/race.js'

/** The events of a command are stored before its lock is free, unless that takes longer than this. */
const EVENTS_FIRST_MS = 500
/** What is left to do after the host's end is given up after this, and the time in which an engine must have answered twice. */
const END_MS = 1_000

type Start = Extract<HostMessage, { kind: 'start' }>

let traces: KeptTraces | undefined
let locks: KeptLocks | undefined
let start: Start | undefined
let isEnding = false
/** Those in progress, by the id of the event that ends each. */
const commands = new Map<string, OpenCommand>()
const frames = new FrameReader()

closeInherited()
process.stdin.on('data', (piece: Buffer) => {
  for (const message of frames.read(piece)) carryOut(message as HostMessage)
})
process.stdin.on('error', () => undefined)
for (const event of ['end', 'close']) process.stdin.on(event, () => void end())
process.stdout.on('error', () => undefined)
// It ends with its host. Who ends a whole service or container sends the host the same signal, and its last events must still leave.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

function carryOut(message: HostMessage): void {
  switch (message.kind) {
    case 'start':
      begin(message)
      return
    case 'register':
      tracesOf()?.register(message.name, message.version)
      return
    case 'append':
      if (message.begins !== undefined) commands.set(message.begins.endId, message.begins)
      if (message.ends !== undefined) commands.delete(message.ends)
      tracesOf()?.append(message.json)
      return
    case 'take':
      try {
        void locksOf().take(message)
      } catch (error) {
        tell({ kind: 'refused', ask: message.ask, error: reportError(error) })
      }
      return
    case 'leave':
      locks?.leave(message.ask)
      return
    case 'release':
      void locks?.release(message.id)
      return
    default:
      commands.clear()
      void end()
  }
}

function begin(message: Start): void {
  start = message
  const { pid, name, startedAt, script }: HostFacts = message.host
  const own = ownProcess()
  // What others are shown as the owner is the host.
  Object.assign(own, { name, startedAt, identity: { ...own.identity, pid, tid: pid } })
  if (script !== undefined) process.argv[1] = script
  markKeptLocks()
}

function tracesOf(): KeptTraces | undefined {
  if (start === undefined) return undefined
  const { connection, host } = start
  const fail = (error: unknown): void => {
    tell({ kind: 'failed', reason: reportError(error).message })
  }
  try {
    return (traces ??= new KeptTraces(connection, host, fail))
  } catch (error) {
    fail(error)
    return undefined
  }
}

function locksOf(): KeptLocks {
  if (start === undefined) throw new Error('the host has not said who it is')
  const { connection, host } = start
  return (locks ??= new KeptLocks(connection, tell, () => endHost(host)))
}

/** As anybody else would. The number is the host's as long as that is this process's parent. */
function endHost({ pid }: HostFacts): void {
  if (!isEnding && process.ppid === pid) process.kill(pid, 'SIGTERM')
}

function tell(message: CompanionMessage): void {
  if (!isEnding) process.stdout.write(encodeFrame(message))
}

async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  if (start === undefined) process.exit()
  setTimeout(() => process.exit(), 2 * resolveEngineLimits(start.connection).timeoutMs + END_MS)
  locks?.stopWaiting()
  // What a process that was killed could not say itself.
  for (const command of commands.values()) {
    const lock = locks?.heldFor(command.lock?.resource) ?? command.lock
    tracesOf()?.append(killedEventJson(start.host, { ...command, lock }))
  }
  if (traces !== undefined) await withinTime(traces.stored(), EVENTS_FIRST_MS)
  await Promise.allSettled([locks?.close(), traces?.close()])
  process.exit()
}
