import type { MessagePort } from 'node:worker_threads'

import type { ConnectionOptions } from '../options/connection-options.js'
import type { OwnProcess } from '../process/own-process.js'

/** What the thread of the remote traces is started with. */
export interface RemoteStart {
  readonly connection: ConnectionOptions
  /** The process that the thread speaks for. */
  readonly owner: Pick<OwnProcess, 'instance' | 'name' | 'startedAt'>
  readonly port: MessagePort
  readonly done: Int32Array<SharedArrayBuffer>
}

/** What the command asks of it; done in order. */
export type RemoteOrder =
  | { readonly kind: 'register'; readonly name: string; readonly version: string | undefined }
  | { readonly kind: 'append'; readonly json: string }
  | { readonly kind: 'end' }

/** What it has to say. */
export interface RemoteReport {
  readonly failure: string
}
