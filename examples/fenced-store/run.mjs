// Shows why a lock across machines needs a fence: `CLI_OPS_URL=redis://127.0.0.1:6379 node
// examples/fenced-store/run.mjs`, followed by the URL of a PostgreSQL database to use a table instead of a directory.
// Exits with 1 if a stale write was accepted.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'

import { openStore } from './open-store.mjs'

// Saves a wait of ten seconds.
process.env['CLI_OPS_LEASE_MS'] ??= '1000'
const directory = mkdtempSync(join(tmpdir(), 'fenced-store-'))
const [place = directory] = process.argv.slice(2)

/** @param {string} name */
function start(name) {
  const program = join(import.meta.dirname, 'owner.mjs')
  const child = spawn(process.execPath, [program, place, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    /** Returns the next line that it prints. */
    async says() {
      const { value = 'ended' } = await lines.next()
      console.log(`${name}: ${value}`)
      return String(value)
    },
    write: () => child.stdin.write('\n'),
    /** @param {NodeJS.Signals} signal */
    signal: (signal) => child.kill(signal),
    async end() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

try {
  const first = start('first')
  await first.says()
  first.write()
  await first.says()

  console.log('-- the first owner is suspended for longer than its lease')
  first.signal('SIGSTOP')
  const second = start('second')
  await second.says()
  second.write()
  await second.says()

  console.log('-- the first owner goes on, and knows of nothing')
  first.signal('SIGCONT')
  first.write()
  const outcome = await first.says()

  const store = await openStore(place)
  const value = await store.read()
  await store.close()
  console.log(`-- the store holds: ${value}`)
  await Promise.all([first.end(), second.end()])
  if (!outcome.startsWith('refused') || value !== 'second') process.exitCode = 1
} finally {
  rmSync(directory, { recursive: true })
}
