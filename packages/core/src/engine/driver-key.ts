import type { Connection } from './connection-options.js'

/** Returns the key of a driver in this process: equal for equal URL, home and namespace. */
export function driverKey(
  { home, namespace }: Pick<Connection, 'home' | 'namespace'>,
  url: string,
): string {
  return JSON.stringify([url, home, namespace])
}
