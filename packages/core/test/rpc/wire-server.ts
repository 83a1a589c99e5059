import { IPCServer, type IPCServerOptions } from '@cli-ops/shared-ipc'
import { onTestFinished } from 'vitest'

import { serveConformanceMethods } from '../../../../test/vectors/conformance-methods.mjs'
import { temporaryHome } from '../fixtures/temporary-home.js'

/** Starts a server with the methods that the vectors need. */
export async function startServer(options: IPCServerOptions = {}) {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 0, ...options })
  onTestFinished(() => server.close())
  serveConformanceMethods(server)
  await server.ready
  return { home, server, endpoint: server.endpoint! }
}
