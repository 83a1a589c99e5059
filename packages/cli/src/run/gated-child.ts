import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'

import { outerLocks } from '@cli-ops/shared-ipc/ops/wrap'

import { type ChildEnd, endOf } from './child-end.js'
import { layOut } from './lay-out.js'
import { restoredEnvironment } from './restored-environment.js'

/** What the program learns about its lock, as environment variables. */
export interface LockFacts {
  readonly CLI_OPS_LOCK_RESOURCE: string
  readonly CLI_OPS_LOCK_ID: string
  readonly CLI_OPS_LOCK_TOKEN: string
  readonly CLI_OPS_LOCK_SLOT?: string
}

/** A child process that exists, but starts its program only when released. */
export interface GatedChild {
  /** Stays the same when the program starts. */
  readonly pid: number
  /** Resolves once the process has ended, whether or not its program started. */
  readonly ended: Promise<ChildEnd>
  /** Starts the program. */
  letGo(facts: LockFacts): void
  /** Ends the process without starting the program. */
  giveUp(): void
  kill(signal: NodeJS.Signals): void
}

/**
 * Waits for the id and the token, then becomes the program in the same process. If this process ends before sending them,
 * the child ends too. The gate closes before the program starts.
 */
function gateScript(gate: number, unused: readonly number[]): string {
  return `IFS= read -r CLI_OPS_LOCK_ID <&${gate} && IFS= read -r CLI_OPS_LOCK_TOKEN <&${gate} && IFS= read -r CLI_OPS_LOCK_SLOT <&${gate} || exit 75
export CLI_OPS_LOCK_ID CLI_OPS_LOCK_TOKEN
if [ -n "$CLI_OPS_LOCK_SLOT" ]; then export CLI_OPS_LOCK_SLOT; else unset CLI_OPS_LOCK_SLOT; fi
exec ${[gate, ...unused].map((fd) => `${fd}<&-`).join(' ')}
exec "$@"`
}

/**
 * Creates a child process with the inherited descriptors that will become `program`. Its pid is known before the
 * program starts, so a lock can be taken on its behalf: the program never runs while only this process knows about the
 * lock.
 *
 * @param kept streams or descriptors that stay open in the child and its descendants
 */
export function startGated(
  program: readonly string[],
  resource: string,
  inherited: readonly number[],
  kept: readonly (Writable | number)[],
): GatedChild {
  const { stdio, places, unused } = layOut(inherited, ['pipe', ...kept])
  const [gate = 0] = places
  const command = ['-c', gateScript(gate, unused), 'cli-ops', ...restoredEnvironment(), ...program]
  const child = spawn('/bin/sh', command, {
    stdio,
    env: { ...process.env, ...outerFacts(), CLI_OPS_LOCK_RESOURCE: resource },
  })
  const socket = child.stdio[gate as 3] as Socket
  // The child can be killed while it waits.
  socket.on('error', () => undefined)
  // It has no output, and only the child decides how long this process runs.
  socket.unref()
  return {
    pid: pidOf(child),
    ended: endOf(child),
    letGo: ({ CLI_OPS_LOCK_ID, CLI_OPS_LOCK_TOKEN, CLI_OPS_LOCK_SLOT = '' }) => {
      socket.end(`${CLI_OPS_LOCK_ID}\n${CLI_OPS_LOCK_TOKEN}\n${CLI_OPS_LOCK_SLOT}\n`)
    },
    giveUp: () => {
      socket.destroy()
    },
    kill: (signal) => void child.kill(signal),
  }
}

/** On Windows a process ends with its parent, so nothing has to be known before the program starts. */
export function startPlainly(program: readonly string[], facts: LockFacts): GatedChild {
  const [file = '', ...args] = program
  const child = spawn(file, args, {
    stdio: 'inherit',
    env: { ...process.env, ...outerFacts(), ...facts },
  })
  return {
    pid: pidOf(child),
    ended: endOf(child),
    letGo: () => undefined,
    giveUp: () => void child.kill(),
    kill: (signal) => void child.kill(signal),
  }
}

/** The locks around this run, since the program's own takes their place in its environment. */
function outerFacts(): NodeJS.ProcessEnv {
  const outer = outerLocks()
  return outer === undefined ? {} : { CLI_OPS_OUTER_LOCKS: outer }
}

function pidOf({ pid }: ChildProcess): number {
  return pid ?? 0
}
