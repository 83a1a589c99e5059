#!/usr/bin/env node
import { cliOps, emits, opsCommand, withLock } from '@cli-ops/yargs-plugin'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'

import { addNote, readNotes } from './notes.js'

await yargs(hideBin(process.argv))
  .scriptName('__name__')
  .middleware(cliOps())
  .command(
    'add <text>',
    'add a note',
    (command) => command.positional('text', { type: 'string', demandOption: true }),
    // One at a time. On success, the result is the event's data.
    emits(
      'note:added',
      withLock('__name__-notes', ({ text }) => addNote(text)),
    ),
  )
  .command('list', 'list the notes', {}, () => {
    for (const { text } of readNotes()) console.log(text)
  })
  // `__name__ ops`: who holds a lock, what was emitted.
  .command(opsCommand())
  .demandCommand()
  .strict()
  .parseAsync()
