/** Strings and comments, which may hold digits of their own, and numbers. */
const TOKEN =
  /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\/\/[^\n\r]*|\/\*[^]*?\*\/|(?<![\w$.])(?:0x[\da-f]+|\d+)(?![\w.])/giu

/**
 * Throws a `RangeError` for an integer in a text of JSON or JSON5 that its number does not hold: it was read as another one, and
 * would be announced as that.
 */
export function assertExactIntegers(text: string): void {
  for (const [token] of text.matchAll(TOKEN)) {
    // What is shorter every number holds.
    if (token.length < 16 || !/^\d/u.test(token)) continue
    if (BigInt(token) !== BigInt(Number(token)))
      throw new RangeError(`${token} is too large for a JSON number; write it as a string`)
  }
}
