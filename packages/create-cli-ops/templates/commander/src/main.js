#!/usr/bin/env node
import { cliOps } from '@cli-ops/commander-plugin'
import { program } from 'commander'

import { addNote, readNotes } from './notes.js'

program.name('__name__').use(
  cliOps({
    // `__name__ ops`: who holds a lock, what was emitted.
    ops: true,
    commands: {
      // One at a time. On success, the action's result is the event's data.
      add: { lock: '__name__-notes', emits: 'note:added' },
    },
  }),
)

program
  .command('add')
  .description('add a note')
  .argument('<text>')
  .action((text) => addNote(text))

program
  .command('list')
  .description('list the notes')
  .action(() => {
    for (const { text } of readNotes()) console.log(text)
  })

await program.parseAsync()
