/** Quotes a word for a POSIX shell: `deploy`, `'a name'`. */
export function shellWord(word: string): string {
  return /^[\w./:@-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
