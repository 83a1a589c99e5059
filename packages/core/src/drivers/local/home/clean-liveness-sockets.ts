import { askLivenessSocket } from '../../../base/process/ask-liveness-socket.js'
import { entryPath } from '../../../base/builtins.js'
import { judgeLiveness } from '../../../base/process/liveness.js'
import { ownIdentity, parseIdentity } from '../../../base/process/process-identity.js'
import { HIDDEN_PARTS } from './hidden-parts.js'
import type { Home } from './home.js'

const PARTS: readonly string[] = ['', ...Object.values(HIDDEN_PARTS)]

/**
 * Removes the sockets of dead processes that nothing in the home names any more: until then they prove the death. A
 * socket from another boot proves nothing here. Removing one too early loses a proof, never a lock.
 */
export function cleanLivenessSockets(home: Home): void {
  const { fileSystem, sockets } = home
  const names = fileSystem.listIfThere(sockets) ?? []
  if (names.length === 0) return
  let named: string | undefined
  for (const name of names) {
    if (!isOver(home, name)) continue
    named ??= namesOfOwners(home)
    if (!named.includes(`${name}.m`)) fileSystem.unlink(entryPath(sockets, name))
  }
}

function isOver({ isLocal, sockets }: Home, name: string): boolean {
  // Its process was killed before it could record whose socket it is.
  if (name.startsWith('new~')) return isLocal && askLivenessSocket(sockets, name) === 'refused'
  const identity = parseIdentity(`${name}.m`)
  if (identity === undefined) return false
  const { boot } = ownIdentity()
  if (identity.boot !== boot) return boot !== ''
  return judgeLiveness(identity, { localFileSystem: isLocal, sockets }) === 'dead'
}

/** Returns all file names in the home that can contain an owner's identity. */
function namesOfOwners({ root, fileSystem }: Home): string {
  const list = (path: string): string[] => fileSystem.list(path)
  const namespaces = entryPath(root, 'namespaces')
  const bases = [root, ...list(namespaces).map((name) => entryPath(namespaces, name))]
  const found: string[] = []
  for (const base of bases) {
    for (const part of PARTS) {
      const place = part === '' ? base : entryPath(base, part)
      for (const folder of ['locks', 'queues']) {
        const path = entryPath(place, folder)
        for (const name of list(path)) found.push(...list(entryPath(path, name)))
      }
      found.push(...list(entryPath(place, 'claims')), ...list(entryPath(place, 'registry')))
    }
  }
  return found.join('\n')
}
