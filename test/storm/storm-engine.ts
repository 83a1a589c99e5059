import { tmpdir } from 'node:os'

import { onTestFinished } from 'vitest'

import type { FaultyServer } from '../engines/engine-faults.js'
import { isLong, scale } from './scale.js'

/** Locks of the storms are lost after this time. */
export const LEASE_MS = 800
/** How many rounds run in parallel. */
export const AT_ONCE = scale(4, 8)
/** How long one test can take. */
export const TEST_MS = isLong ? 1_800_000 : 240_000

/** An engine for the storms. */
export interface StormEngine {
  readonly name: string
  /** Starts a private one; `isPersistent` keeps its data across a restart. */
  start(isPersistent: boolean): Promise<StormServer>
}

/** A server that can be suspended, killed and restarted under its URL. */
export interface StormServer extends FaultyServer {
  /** Returns its URL behind a proxy on another port of the loopback interface. */
  urlAt(port: number): string
  stop(): Promise<void>
}

/** Starts a server that is stopped at the end of the test. */
export async function startServer(engine: StormEngine, isPersistent = true): Promise<StormServer> {
  const server = await engine.start(isPersistent)
  onTestFinished(() => server.stop())
  return server
}

/** Returns the options of a client that reaches a server through a port. */
export function optionsAt(server: StormServer, namespace: string, port = server.port) {
  return {
    url: server.urlAt(port),
    namespace,
    home: tmpdir(),
    leaseMs: LEASE_MS,
    engineTimeoutMs: 2_000,
    disabled: false,
  }
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}
