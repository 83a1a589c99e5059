// Fetches Node for Windows into the cache, for tests that `npm test` runs only if it is there.
import { fetchWindowsNode } from './windows-node.mjs'

await fetchWindowsNode()
