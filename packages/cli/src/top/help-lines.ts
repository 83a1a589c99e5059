import type { Line } from './lock-lines.js'

/** The keys. */
export const HELP_LINES: readonly Line[] = [
  { text: 'cli-ops top', style: 'bold' },
  { text: '' },
  { text: '↑ ↓  j k         move            PgUp PgDn g G   page, first, last' },
  { text: 'Tab  ← →  1 … 5  other table     Enter           a lock with its queue' },
  { text: '/                filter          Esc             no filter, back' },
  { text: '< >              sort by column  I               other way round' },
  { text: 'Space  p         pause, resume   Ctrl-L          draw again' },
  { text: 'r                release the chosen lock, after a question' },
  { text: 'q                quit            Ctrl-Z          suspend' },
  { text: '' },
  { text: 'A lock is released by the id of the grant that you saw; a later holder is never hit.' },
  { text: 'The process that had it goes on, without the lock.' },
  { text: '' },
  { text: 'Any key goes back.', style: 'dim' },
]
