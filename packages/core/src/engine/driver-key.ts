import type { Connection } from './connection-options.js'

/** What tells two drivers of a process apart: equal for equal URL, home and namespace. */
export function driverKey(
  { home, namespace }: Pick<Connection, 'home' | 'namespace'>,
  url: string,
): string {
  return JSON.stringify([url, home, namespace])
}
