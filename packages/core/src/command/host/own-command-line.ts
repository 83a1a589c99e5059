/** The words of a command line before the program's own: Node's and the script's. */
const BEFORE = 2

/**
 * Returns whether the words given to a framework are the process's own arguments, or the last of them, rather than a line read by
 * a REPL or a call from code.
 */
export function isOwnCommandLine(words: readonly unknown[]): boolean {
  const { argv } = process
  const offset = argv.length - words.length
  if (offset < BEFORE || (words.length === 0 && offset > BEFORE)) return false
  return words.every((word, index) => String(word) === argv[offset + index])
}
