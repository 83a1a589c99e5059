/** How many words of a command line stand before the program's own: Node's and the script's. */
const BEFORE = 2

/**
 * Tells whether the words that a framework was given are those that the process was started with, or the last of them, rather than
 * a line that a REPL has read, or what a program calls itself with.
 */
export function isOwnCommandLine(words: readonly unknown[]): boolean {
  const { argv } = process
  const offset = argv.length - words.length
  if (offset < BEFORE || (words.length === 0 && offset > BEFORE)) return false
  return words.every((word, index) => String(word) === argv[offset + index])
}
