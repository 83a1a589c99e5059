import type { Server } from 'node:net'

import { giveToHeir } from '../files/heirs.js'
import { randomId } from '../names/random-id.js'
import { entryPath, fs } from '../builtins.js'
import type { ProcessIdentity } from './process-identity.js'

/**
 * A Unix socket by which the kernel tells in every namespace whether a process is there: it accepts connections as long as
 * somebody has it open, also for a process that is stopped or busy, and refuses them from then on. The file that a crash
 * leaves is the proof of the death, until nothing carries the name of the dead any more.
 */
export class LivenessSocket {
  readonly #directory: string
  readonly #server: Server
  #path: string

  private constructor(directory: string, server: Server, path: string) {
    this.#directory = directory
    this.#server = server
    this.#path = path
  }

  /** Opens a socket that does not yet answer for anybody. Keeps no process alive. Throws `ENOENT` where there is no directory. */
  static open(directory: string): LivenessSocket {
    const { Server } = process.getBuiltinModule('node:net')
    const name = `new~${randomId()}`
    const server = new Server((connection) => connection.destroy())
    let failure: Error | undefined
    server.on('error', (error) => (failure = error))
    listenIn(directory, name, server)
    server.unref()
    if (!server.listening) throw failure ?? new Error(`cannot listen in ${directory}`)
    const path = entryPath(directory, name)
    giveToHeir(path)
    return new LivenessSocket(directory, server, path)
  }

  /** Its descriptor, by which a child can have it as well; undefined where the runtime does not tell. */
  get descriptor(): number | undefined {
    const { _handle: handle } = this.#server as unknown as { _handle?: { fd?: number } }
    return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined
  }

  /** True where the socket has its file still: the home may have been removed. */
  isThere(): boolean {
    return fs.existsSync(this.#path)
  }

  /** Makes the socket tell of this process. Before anything carries its name. */
  answerFor(identity: ProcessIdentity): void {
    const path = entryPath(this.#directory, livenessSocketName(identity))
    fs.renameSync(this.#path, path)
    this.#path = path
  }

  /** Removes the file, once nothing is held in the name of the process. */
  remove(): void {
    try {
      fs.unlinkSync(this.#path)
    } catch {
      // The next clean-up removes it.
    }
  }
}

/**
 * Node cuts what a socket's path has too much, so that the directory goes by its descriptor. In one process of a cluster
 * only `exclusive` listens before it returns.
 */
function listenIn(directory: string, name: string, server: Server): void {
  const descriptor = fs.openSync(directory, 'r')
  try {
    server.listen({ path: socketPath(descriptor, name), exclusive: true })
  } finally {
    fs.closeSync(descriptor)
  }
}

/** The path of a socket in an open directory. */
export function socketPath(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`
}

/** The name of the socket that answers for a process: what its kernel knows it by. */
export function livenessSocketName({
  pid,
  tid,
  start,
  boot,
  pidNamespace,
}: ProcessIdentity): string {
  return `p${pid}.t${tid}.s${start}.b${boot}.n${pidNamespace}`
}
