// Fetches Node for Windows into the cache, for the tests that `npm test` runs where it is there.
import { fetchWindowsNode } from './windows-node.mjs'

await fetchWindowsNode()
