// Preload: writes down who adds a listener to the process, by whatever method, with the stack of the call.
import { appendFileSync } from 'node:fs'

Error.stackTraceLimit = 100
process.on('newListener', (name) => {
  const { stack } = new Error(String(name))
  appendFileSync(process.env.RECORD, `${JSON.stringify({ name: String(name), stack })}\n`)
})
