// Preload: records every listener added to the process, by whatever method, with the call's stack.
import { appendFileSync } from 'node:fs'

Error.stackTraceLimit = 100
process.on('newListener', (name) => {
  const { stack } = new Error(String(name))
  appendFileSync(process.env.RECORD, `${JSON.stringify({ name: String(name), stack })}\n`)
})
