import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What is sent to a server, one after the other. */
export type WireStep =
  | { readonly message: unknown }
  | { readonly text: string }
  /** The client ends its side of the connection. */
  | { readonly end: true }

/** What a client sends over one connection, and what it must be answered. */
export interface WireVector {
  readonly name: string
  /** Methods of the conformance suite that the server must answer; without one of them the vector is skipped. */
  readonly serves?: readonly string[]
  /** @default both, one after the other */
  readonly framing?: 'lines' | 'content-length'
  readonly send: readonly unknown[]
  /** Patterns of the messages; replies may come in any order. */
  readonly receive: readonly unknown[]
  readonly ordered?: boolean
  /** Each byte in a write of its own. */
  readonly bytewise?: boolean
  /** The server closes the connection after that; else it answers a further ping. */
  readonly ends?: boolean
}

/** Files of an event log, and what a reader of them must find. */
export interface LogVector {
  readonly name: string
  readonly files: Readonly<Record<string, readonly unknown[]>>
  /** Ids of the events, in order. */
  readonly events: readonly string[]
  /** The data of some of them, by id. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** Reads the vectors that are shipped with this package, those of `test/vectors`. */
export async function readVectors(kind: 'wire'): Promise<readonly WireVector[]>
export async function readVectors(kind: 'log'): Promise<readonly LogVector[]>
export async function readVectors(
  kind: 'wire' | 'log',
): Promise<readonly WireVector[] | readonly LogVector[]> {
  // Found by the package's own name, since a bundle may move this file to another folder.
  const require = createRequire(import.meta.url)
  const folder = join(dirname(require.resolve('@cli-ops/cli/package.json')), 'dist/vectors')
  const text = await readFile(join(folder, `${kind}.json`), 'utf8')
  return (JSON.parse(text) as { readonly vectors: readonly WireVector[] & readonly LogVector[] })
    .vectors
}
