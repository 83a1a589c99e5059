/** Writes a word as a POSIX shell takes it: `deploy`, `'a name'`. */
export function shellWord(word: string): string {
  return /^[\w./:@-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
