import type { Line } from './lock-lines.js'

/** The keys. */
export const HELP_LINES: readonly Line[] = [
  { text: 'cli-ops top', style: 'bold' },
  { text: '' },
  { text: '↑ ↓  j k         move            PgUp PgDn g G   page, first, last' },
  { text: 'Tab  ← →  1 … 5  switch table    Enter           a lock with its queue' },
  { text: '/                filter          Esc             clear filter, back' },
  { text: '< >              sort by column  I               reverse order' },
  { text: 'Space  p         pause, resume   Ctrl-L          redraw' },
  { text: 'r                release the chosen lock, after a confirmation' },
  { text: 'q                quit            Ctrl-Z          suspend' },
  { text: '' },
  { text: 'A release applies to the grant that you saw, never to a later holder.' },
  { text: 'The process that held it continues without the lock.' },
  { text: '' },
  { text: 'Any key goes back.', style: 'dim' },
]
