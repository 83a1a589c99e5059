import { nodeFileSystem } from './file-system.js'
import { Home } from './home.js'

/** The home that a connection names, on the real file system. Makes nothing. */
export function homeOf({
  home,
  namespace,
}: {
  readonly home: string
  readonly namespace: string
}): Home {
  return new Home(home, namespace, nodeFileSystem)
}
