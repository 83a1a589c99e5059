import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import type { Claim } from '../drivers/local/locks/claims.js'
import { createLocalGrant } from '../drivers/local/locks/local-grant.js'
import { realSurroundings } from '../drivers/local/locks/real-surroundings.js'
import { LockPlace } from '../drivers/local/locks/lock-place.js'
import type { Connection } from '../options/connection-options.js'

/** Calls `listener` when a lock that was taken free is taken away; returns a function that stops. */
export function watchForLoss(
  { home: root, namespace }: Connection,
  claim: Omit<Claim, 'paths'>,
  listener: () => void,
): () => void {
  const home = new Home(root, namespace, nodeFileSystem)
  const place = new LockPlace(home, realSurroundings(home))
  const paths = place.of(claim.request.resource)
  return createLocalGrant(place, { ...claim, paths }).onLost(listener)
}
