import type { RegistryContext } from '../registry/own-records.js'

/** A server of this process that clients cannot find yet. */
interface StartingServer {
  readonly key: string
  readonly name: string
  readonly started: Promise<unknown>
}

const starting = new Set<StartingServer>()

/** Remembers a server until its start has succeeded or failed. */
export function noteStartingServer(
  { key }: Pick<RegistryContext, 'key'>,
  name: string,
  start: Promise<void>,
): void {
  const server = { key, name, started: start.catch(() => undefined) }
  starting.add(server)
  void server.started.then(() => starting.delete(server))
}

/**
 * Waits for servers of this name that this process is starting: a server created on the line before the request must answer it.
 * Resolves to false if there are none.
 */
export async function ownServersStarted(
  { key }: Pick<RegistryContext, 'key'>,
  name: string,
): Promise<boolean> {
  const own = [...starting].filter((server) => server.key === key && server.name === name)
  await Promise.all(own.map(({ started }) => started))
  return own.length > 0
}
