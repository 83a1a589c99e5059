/**
 * The process beside a command whose locks, events or registration are on an engine. Two pipes are all it shares with its
 * host: when they close, the host has ended, in whatever way.
 */
import type { OpenCommand } from '../../registry/contract/registry-driver.js'
import { killedEventJson } from '../../events/contract/killed-event.js'
import { resolveEngineLimits } from '../../engine/engine-limits.js'
import { ownProcess } from '../../base/process/own-process.js'
import { ProcessJob } from '../../base/process/process-job.js'
import { pause } from '../../base/wait/pause.js'
import { markKeptLocks } from '../../locks/contract/lock-id.js'
import { closeInherited } from './close-inherited.js'
import { encodeFrame, FrameReader } from './frames.js'
import { KeptLocks, reportError } from './kept-locks.js'
import { noteLateFailure } from './late-failure.js'
import { KeptTraces } from './kept-traces.js'
import type { CompanionMessage, HostFacts, HostMessage } from './messages.js'
import { withinTime } from '../../base/wait/race.js'
import { setTimeout } from '../../base/wait/own-timers.js'

/** A command's events are stored before its lock is free, unless that takes longer than this. */
const EVENTS_FIRST_MS = 500
/** After the host's end, remaining work is given up after this time. An engine must answer twice within it. */
const END_MS = 1_000

/** How often to check whether the programs of a replaced host have ended. */
const JOB_LOOK_MS = 20

type Start = Extract<HostMessage, { kind: 'start' }>

let traces: KeptTraces | undefined
let locks: KeptLocks | undefined
let start: Start | undefined
/** What the host has started, from the moment it is asked to end. */
let job: ProcessJob | undefined
let isEnding = false
/** The failure that was sent to the host, which may have ended without reading it. */
let failure: string | undefined
/** Commands in progress, by the id of the event that ends each. */
const commands = new Map<string, OpenCommand>()
const frames = new FrameReader()

closeInherited()
process.stdin.on('data', (piece: Buffer) => {
  for (const message of frames.read(piece)) carryOut(message as HostMessage)
})
process.stdin.on('error', () => undefined)
for (const event of ['end', 'close']) process.stdin.on(event, () => void end())
process.stdout.on('error', () => undefined)
// It ends with its host. A service or container that is stopped sends the host the same signal, and the host's last events must
// still leave.
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
      if (failure !== undefined && !message.knows && start !== undefined)
        noteLateFailure(start.connection, failure)
      void end()
  }
}

function begin(message: Start): void {
  start = message
  const { pid, name, startedAt, script }: HostFacts = message.host
  const own = ownProcess()
  // Others see the host as the owner.
  Object.assign(own, { name, startedAt, identity: { ...own.identity, pid, tid: pid } })
  if (script !== undefined) process.argv[1] = script
  markKeptLocks()
}

function tracesOf(): KeptTraces | undefined {
  if (start === undefined) return undefined
  const { connection, host } = start
  const fail = (error: unknown): void => {
    failure = reportError(error).message
    if (isEnding) noteLateFailure(connection, failure)
    else tell({ kind: 'failed', reason: failure })
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

/** Sends SIGTERM, as any other process would. The pid is the host's as long as it is this process's parent. */
function endHost({ pid }: HostFacts): void {
  if (isEnding || process.ppid !== pid) return
  job = new ProcessJob(pid)
  process.kill(pid, 'SIGTERM')
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
  // The event that a killed process could not send.
  for (const command of commands.values()) {
    const lock = locks?.heldFor(command.lock?.resource) ?? command.lock
    tracesOf()?.append(killedEventJson(start.host, { ...command, lock }))
  }
  if (traces !== undefined) await withinTime(traces.stored(), EVENTS_FIRST_MS)
  // A signal ends the host and leaves the program that it was waiting for. The next run starts after both.
  job?.end()
  while ((job?.look().length ?? 0) > 0) await pause(JOB_LOOK_MS)
  await Promise.allSettled([locks?.close(), traces?.close()])
  process.exit()
}
