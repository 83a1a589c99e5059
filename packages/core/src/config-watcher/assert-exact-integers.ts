/** Strings and comments, which can contain digits, and numbers. */
const TOKEN =
  /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\/\/[^\n\r]*|\/\*[^]*?\*\/|(?<![\w$.])(?:0x[\da-f]+|\d+)(?![\w.])/giu

/**
 * Throws a `RangeError` for an integer in JSON or JSON5 that a number cannot represent exactly: it was parsed as a different one, and
 * would be announced as that.
 */
export function assertExactIntegers(text: string): void {
  for (const [token] of text.matchAll(TOKEN)) {
    // Shorter integers are always exact.
    if (token.length < 16 || !/^\d/u.test(token)) continue
    if (BigInt(token) !== BigInt(Number(token)))
      throw new RangeError(`${token} is too large for a JSON number; write it as a string`)
  }
}
