import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** One message to a server. */
export type WireStep =
  | { readonly message: unknown }
  | { readonly text: string }
  /** The client ends its side of the connection. */
  | { readonly end: true }

/** Messages that a client sends over one connection, and the expected replies. */
export interface WireVector {
  readonly name: string
  /** Methods of the conformance suite that the server must serve; if one is missing, the vector is skipped. */
  readonly serves?: readonly string[]
  /** @default both, one after the other */
  readonly framing?: 'lines' | 'content-length'
  readonly send: readonly unknown[]
  /** Patterns of the replies, which can come in any order. */
  readonly receive: readonly unknown[]
  readonly ordered?: boolean
  /** True to write each byte separately. */
  readonly bytewise?: boolean
  /** True if the server closes the connection afterwards; otherwise it answers another ping. */
  readonly ends?: boolean
}

/** Files of an event log, and what a reader must find in them. */
export interface LogVector {
  readonly name: string
  readonly files: Readonly<Record<string, readonly unknown[]>>
  /** Ids of the events, in order. */
  readonly events: readonly string[]
  /** The data of some of them, by id. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** Reads the vectors that ship with this package, from `test/vectors`. */
export async function readVectors(kind: 'wire'): Promise<readonly WireVector[]>
export async function readVectors(kind: 'log'): Promise<readonly LogVector[]>
export async function readVectors(
  kind: 'wire' | 'log',
): Promise<readonly WireVector[] | readonly LogVector[]> {
  // Resolved through the package's own name: a bundle can move this file to another folder.
  const require = createRequire(import.meta.url)
  const folder = join(dirname(require.resolve('@cli-ops/cli/package.json')), 'dist/vectors')
  const text = await readFile(join(folder, `${kind}.json`), 'utf8')
  return (JSON.parse(text) as { readonly vectors: readonly WireVector[] & readonly LogVector[] })
    .vectors
}
