import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import type {
  RpcChannel,
  RpcDriver,
  RpcLimits,
  RpcListener,
  RpcService,
} from '../../../rpc/contract/rpc-driver.js'
import type { FileSystem } from '../home/file-system.js'
import type { Home } from '../home/home.js'
import { connectSocket } from './connect-socket.js'
import { SocketChannel } from './socket-channel.js'
import { assertPrivateEndpoint, newSocketPath } from './socket-path.js'

/** Creates the request transport of the local driver: Unix sockets, or named pipes on Windows. */
export function createLocalRpc(home: Home): RpcDriver {
  const { fileSystem } = home
  return {
    listen: (service, accept, limits) => listen(service, accept, limits, home),
    connect: (endpoint, limits, signal) => openChannel(endpoint, limits, signal, fileSystem),
  }
}

/** Connects to an endpoint in a private directory. Rejects as {@link RpcDriver.connect} does. */
export async function openChannel(
  endpoint: string,
  limits: RpcLimits,
  signal: AbortSignal,
  fileSystem: FileSystem,
): Promise<RpcChannel> {
  assertPrivateEndpoint(endpoint, fileSystem)
  return new SocketChannel(await connectSocket(endpoint, signal), limits, 'lines')
}

async function listen(
  { instance }: RpcService,
  accept: (channel: RpcChannel) => void,
  limits: RpcLimits,
  home: Home,
): Promise<RpcListener> {
  const endpoint = newSocketPath(instance, home)
  const server = process
    .getBuiltinModule('node:net')
    .createServer({ allowHalfOpen: true }, (socket) => {
      accept(new SocketChannel(socket, limits))
    })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new CliOpsError('STORAGE_FAILED', `cannot listen on ${endpoint} (${error.code})`, {
          cause: error,
        }),
      )
    })
    // Exclusive: otherwise, the primary of a cluster would listen for its workers.
    server.listen({ path: endpoint, exclusive: true }, resolve)
  })
  // Running out of descriptors while accepting must not end the host; the peer retries.
  server.on('error', () => undefined)
  return {
    endpoint,
    // Closing unlinks the path immediately. That is safe here, and only here, since no other process ever uses this
    // path.
    close: () => {
      server.close()
      return Promise.resolve()
    },
    // A file or directory in its place counts as nothing.
    isLost: () =>
      process.platform !== 'win32' && home.fileSystem.status(endpoint)?.kind !== 'other',
    closeSync: () => {
      if (process.platform !== 'win32') home.fileSystem.unlink(endpoint)
    },
    ref: () => server.ref(),
    unref: () => server.unref(),
  }
}
