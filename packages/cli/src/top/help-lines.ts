import type { Line } from './lock-lines.js'

/** The keys, within 60 columns. */
export const HELP_LINES: readonly Line[] = [
  { text: '↑ ↓  j k          move' },
  { text: 'PgUp PgDn  g G    page, first, last' },
  { text: 'Tab  ← →  1 … 5   switch table' },
  { text: 'Enter             a lock with its queue' },
  { text: '/                 filter' },
  { text: 'Esc               clear filter, back' },
  { text: '< >               sort by column' },
  { text: 'I                 reverse order' },
  { text: 'Space  p          pause, resume' },
  { text: 'Ctrl-L            redraw' },
  { text: 'r                 release the chosen lock, once confirmed' },
  { text: 'q                 quit' },
  { text: 'Ctrl-Z            suspend' },
  { text: '' },
  { text: 'A release applies to the grant that you saw, never to a' },
  { text: 'later holder. The process that held it continues' },
  { text: 'without the lock.' },
]
