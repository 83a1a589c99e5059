/** Files that a program loads and that never finish; they write "ready" when they have begun. */
export const STAYS = {
  esModule: `console.log('ready')\nawait new Promise(() => setInterval(() => undefined, 60_000))\n`,
  /** The event loop of the program does not turn any more. */
  commonJs: `console.log('ready')\nfor (;;);\n`,
  /** It does turn. */
  script: `console.log('ready')\nsetInterval(() => undefined, 60_000)\n`,
  /** The program keeps what it writes to itself. */
  behindTheProgram: `require('node:fs').writeFileSync('/dev/tty', 'ready\\r\\n')\nfor (;;);\n`,
}
