import { nodeFileSystem } from './file-system.js'
import { Home } from './home.js'

/** Returns the home of a connection, on the real file system. Creates nothing. */
export function homeOf({
  home,
  namespace,
}: {
  readonly home: string
  readonly namespace: string
}): Home {
  return new Home(home, namespace, nodeFileSystem)
}
