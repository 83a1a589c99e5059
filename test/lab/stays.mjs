/** Files that a program loads and that never finish; they write "ready" when they have begun. */
export const STAYS = {
  esModule: `console.log('ready')\nawait new Promise(() => setInterval(() => undefined, 60_000))\n`,
  /** It blocks the program's event loop. */
  commonJs: `console.log('ready')\nfor (;;);\n`,
  /** It keeps the event loop running. */
  script: `console.log('ready')\nsetInterval(() => undefined, 60_000)\n`,
  /** The program captures its output. */
  behindTheProgram: `require('node:fs').writeFileSync('/dev/tty', 'ready\\r\\n')\nfor (;;);\n`,
}
