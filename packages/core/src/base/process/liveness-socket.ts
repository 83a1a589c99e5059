import type { Server } from 'node:net'

import { giveToOwner } from '../files/inherit-owner.js'
import { randomId } from '../names/random-id.js'
import { entryPath, fs } from '../builtins.js'
import type { ProcessIdentity } from './process-identity.js'

/**
 * A Unix socket that shows in every namespace whether a process exists. The kernel accepts connections while any process has it open,
 * even a stopped or busy one, and refuses them afterwards. The file that a crash leaves proves the death, and stays until nothing
 * refers to the dead process any more.
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

  /** Opens a socket that does not represent a process yet. Keeps no process alive. Throws `ENOENT` if there is no directory. */
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
    giveToOwner(path)
    return new LivenessSocket(directory, server, path)
  }

  /** The socket's descriptor, which a child can inherit; undefined if the runtime does not expose it. */
  get descriptor(): number | undefined {
    const { _handle: handle } = this.#server as unknown as { _handle?: { fd?: number } }
    return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined
  }

  /** Returns whether the socket's file still exists: the home might have been removed. */
  isThere(): boolean {
    return fs.existsSync(this.#path)
  }

  /** Makes the socket represent this process. Call it before anything refers to it by name. */
  answerFor(identity: ProcessIdentity): void {
    const path = entryPath(this.#directory, livenessSocketName(identity))
    fs.renameSync(this.#path, path)
    this.#path = path
  }

  /** Removes the file, once nothing is held under the name of the process. */
  remove(): void {
    try {
      fs.unlinkSync(this.#path)
    } catch {
      // The next clean-up removes it.
    }
  }
}

/**
 * Node truncates long socket paths, so the directory is given by its descriptor. In a cluster process, only `exclusive` listens before
 * it returns.
 */
function listenIn(directory: string, name: string, server: Server): void {
  const descriptor = fs.openSync(directory, 'r')
  try {
    server.listen({ path: socketPath(descriptor, name), exclusive: true })
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Returns the path of a socket in an open directory. */
export function socketPath(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`
}

/** Returns the name of the socket that represents a process: its identity within its kernel. */
export function livenessSocketName({
  pid,
  tid,
  start,
  boot,
  pidNamespace,
}: ProcessIdentity): string {
  return `p${pid}.t${tid}.s${start}.b${boot}.n${pidNamespace}`
}
