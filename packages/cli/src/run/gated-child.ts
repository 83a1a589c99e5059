import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'

import type { ChildEnd } from './child-end.js'
import { inheritedDescriptors } from './inherited-descriptors.js'

/** What the program is told about its lock, as environment variables. */
export interface LockFacts {
  readonly CLI_OPS_LOCK_RESOURCE: string
  readonly CLI_OPS_LOCK_ID: string
  readonly CLI_OPS_LOCK_TOKEN: string
}

/** A child process that exists, but begins its program only when it is let go. */
export interface GatedChild {
  /** Stays the same when the program begins. */
  readonly pid: number
  /** Resolves when the process has ended, whether its program has begun or not. */
  readonly ended: Promise<ChildEnd>
  /** Begins the program. */
  letGo(facts: LockFacts): void
  /** Ends the process without having begun the program. */
  giveUp(): void
  kill(signal: NodeJS.Signals): void
}

/** dash knows descriptors of one digit only. */
const LAST_GATE = 9

/**
 * Waits for the id and the token, then becomes the program: the process stays the same one. Where nobody says them, since
 * this process has ended, so does the child. The gate is closed before the program begins.
 */
function gateScript(gate: number, unused: readonly number[]): string {
  return `IFS= read -r CLI_OPS_LOCK_ID <&${gate} && IFS= read -r CLI_OPS_LOCK_TOKEN <&${gate} || exit 75
export CLI_OPS_LOCK_ID CLI_OPS_LOCK_TOKEN
exec ${[gate, ...unused].map((fd) => `${fd}<&-`).join(' ')}
exec "$@"`
}

/**
 * Makes a child process with the descriptors of this one that will become `program`. Its pid is known before the program
 * begins, so that a lock can be taken in its name: there is no moment at which the program runs and this process alone
 * knows of the lock.
 *
 * @param keeper stays open in the child and in all that it starts
 */
export function startGated(
  program: readonly string[],
  resource: string,
  keeper?: Writable,
): GatedChild {
  const { stdio, gate, unused } = layOut(inheritedDescriptors(), keeper)
  const command = ['-c', gateScript(gate, unused), 'cli-ops', ...restoredEnvironment(), ...program]
  const child = spawn('/bin/sh', command, {
    stdio,
    env: { ...process.env, CLI_OPS_LOCK_RESOURCE: resource },
  })
  const socket = child.stdio[gate as 3] as Socket
  // The child may be killed while it waits.
  socket.on('error', () => undefined)
  // Nothing comes out of it, and the child alone decides how long this process runs.
  socket.unref()
  return {
    pid: pidOf(child),
    ended: endOf(child),
    letGo: ({ CLI_OPS_LOCK_ID, CLI_OPS_LOCK_TOKEN }) => {
      socket.end(`${CLI_OPS_LOCK_ID}\n${CLI_OPS_LOCK_TOKEN}\n`)
    },
    giveUp: () => {
      socket.destroy()
    },
    kill: (signal) => void child.kill(signal),
  }
}

/** Finds places for the gate and the keeper between the descriptors that the program gets as they are. */
function layOut(
  inherited: readonly number[],
  keeper: Writable | undefined,
): { stdio: StdioOptions; gate: number; unused: number[] } {
  const free = [3, 4, 5, 6, 7, 8, LAST_GATE].filter((fd) => !inherited.includes(fd))
  const gate = free[0] ?? LAST_GATE
  const keeperAt = keeper === undefined ? undefined : (free[1] ?? Math.max(...inherited) + 1)
  const length = Math.max(gate, keeperAt ?? 0, ...inherited) + 1
  const stdio = Array.from({ length }, (_, fd) => {
    if (fd === gate) return 'pipe'
    if (fd === keeperAt) return keeper
    return fd <= 2 || inherited.includes(fd) ? fd : 'ignore'
  })
  const unused = stdio.flatMap((use, fd) => (use === 'ignore' && fd <= LAST_GATE ? [fd] : []))
  return { stdio, gate, unused }
}

/** Where a process ends with its parent by itself (Windows), nothing has to be known before the program begins. */
export function startPlainly(program: readonly string[], facts: LockFacts): GatedChild {
  const [file = '', ...args] = program
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...facts } })
  return {
    pid: pidOf(child),
    ended: endOf(child),
    letGo: () => undefined,
    giveUp: () => void child.kill(),
    kill: (signal) => void child.kill(signal),
  }
}

/** dash drops variables whose names it could not write itself, such as exported functions of bash; env(1) sets them again. */
function restoredEnvironment(): string[] {
  const dropped = Object.entries(process.env).filter(([name]) => !/^[A-Za-z_]\w*$/u.test(name))
  return dropped.length === 0
    ? []
    : ['env', ...dropped.map(([name, value]) => `${name}=${value ?? ''}`)]
}

function pidOf({ pid }: ChildProcess): number {
  return pid ?? 0
}

async function endOf(child: ChildProcess): Promise<ChildEnd> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return { code, signal }
}
