// A CLI that serves the methods of the vectors: node kit-server.mjs <name>
import { IPCServer } from '@cli-ops/shared-ipc'

import { serveConformanceMethods } from './conformance-methods.mjs'

// The kit has no listener for signals: a server cleans up when its process exits.
process.once('SIGTERM', () => process.exit())
const [name = 'kit'] = process.argv.slice(2)
const server = new IPCServer(name)
serveConformanceMethods(server)
await server.ready
console.log(server.endpoint)
