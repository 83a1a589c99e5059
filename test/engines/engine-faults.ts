import type { EngineFaults } from '@cli-ops/shared-ipc/testing'

import { NetworkProxy } from './network-proxy.js'

/** A private server that can be suspended, killed and restarted under its URL. */
export interface FaultyServer {
  readonly port: number
  /** Sends SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  resume(): void
  kill(): Promise<void>
  /** Restarts it with its stored data. Resolves when it answers. */
  restart(): Promise<void>
}

/** The faults that any server can have. */
export type ServerFaults = Required<Pick<EngineFaults, 'pause' | 'kill' | 'openLink'>>

/**
 * Returns the faults of the conformance suite, staged on a server.
 *
 * @param scheme of the server's URLs: `redis`
 * @param user of the URLs, with its `@`, and their path
 */
export function faultsOf(server: FaultyServer, scheme: string, user = '', path = ''): ServerFaults {
  return {
    pause: () => {
      server.pause()
      return Promise.resolve(() => {
        server.resume()
        return Promise.resolve()
      })
    },
    kill: async () => {
      await server.kill()
      return () => server.restart()
    },
    openLink: async () => {
      const proxy = await NetworkProxy.start({ port: server.port })
      return {
        url: `${scheme}://${user}127.0.0.1:${proxy.port}${path}`,
        cut: () => {
          proxy.cut()
        },
        heal: () => {
          proxy.heal()
        },
        reset: () => {
          proxy.reset()
        },
        close: () => proxy.close(),
      }
    },
  }
}
