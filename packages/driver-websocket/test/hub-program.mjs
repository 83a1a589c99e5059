// Runs a hub until it is ended. Its options are its only argument, its URL the only line it writes.
import process from 'node:process'

import { createHub } from '@cli-ops/driver-websocket/hub'

const hub = await createHub({
  ...JSON.parse(process.argv[2] ?? '{}'),
  onLog: process.env.HUB_LOG ? (line) => console.error(line) : undefined,
})
console.log(hub.url)
process.once('SIGTERM', () => {
  void hub.close()
})
