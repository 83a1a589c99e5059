import type { RpcDriver } from '../../rpc-driver.js'
import type { Home } from '../home.js'

/** Makes the request transport of the local driver: Unix sockets, or named pipes on Windows. */
export function createLocalRpc(home: Home): RpcDriver {
  throw new Error(home.root)
}
