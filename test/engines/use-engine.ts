import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'

import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'
import type { Variables } from './engines-with-locks.js'

/** What the tests of a suite work with. */
export interface EngineInUse<Server> {
  readonly server: Server
  /** The variables that lead to the server. */
  readonly env: Variables
  /** Fresh for each test. */
  readonly home: string
}

/** Starts an engine for the tests of a suite, and stops it after them. */
export function useEngine<Server extends { stop(): Promise<unknown> }>(engine: {
  start(): Promise<{ readonly server: Server; readonly env: Variables }>
}): EngineInUse<Server> {
  let started: { readonly server: Server; readonly env: Variables }
  let home: string
  beforeAll(async () => {
    started = await engine.start()
  })
  afterAll(() => started.server.stop())
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  })
  afterEach(() => {
    removeFolder(home)
  })
  return {
    get server() {
      return started.server
    },
    get env() {
      return started.env
    },
    get home() {
      return home
    },
  }
}
