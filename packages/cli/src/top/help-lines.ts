import type { Line } from './lock-lines.js'

/** The keys, within 60 columns. */
export const HELP_LINES: readonly Line[] = [
  { text: '↑ ↓  j k          move' },
  { text: 'PgUp PgDn  g G    page, first, last' },
  { text: 'Tab  ← →  1 … 5   other table' },
  { text: 'Enter             a lock with its queue' },
  { text: '/                 filter' },
  { text: 'Esc               no filter, back' },
  { text: '< >               sort by column' },
  { text: 'I                 other way round' },
  { text: 'Space  p          pause, resume' },
  { text: 'Ctrl-L            draw again' },
  { text: 'r                 release the chosen lock, after a question' },
  { text: 'q                 quit' },
  { text: 'Ctrl-Z            suspend' },
  { text: '' },
  { text: 'A release applies to the grant that you saw, never to a' },
  { text: 'later holder. The process that held it continues' },
  { text: 'without the lock.' },
]
