import jsTokens, { type Token } from 'js-tokens'

/**
 * Blanks the contents of comments, strings, templates and regular expressions in JavaScript or TypeScript with spaces, so that a pattern
 * matches only code. Every character keeps its position. Quotes and line breaks stay.
 */
export function maskCode(code: string): string {
  return Array.from(jsTokens(code), masked).join('')
}

function masked({ type, value }: Token): string {
  switch (type) {
    case 'HashbangComment':
    case 'SingleLineComment':
    case 'MultiLineComment':
      return blank(value)
    case 'StringLiteral':
    case 'NoSubstitutionTemplate':
    case 'TemplateTail':
      return blankBetween(value, 1)
    case 'TemplateHead':
    case 'TemplateMiddle':
      return blankBetween(value, 2)
    case 'RegularExpressionLiteral':
      return blankBetween(value, value.length - value.lastIndexOf('/'))
    default:
      return value
  }
}

/** Keeps the first character, and as many at the end. */
function blankBetween(value: string, kept: number): string {
  const end = Math.max(1, value.length - kept)
  return value.slice(0, 1) + blank(value.slice(1, end)) + value.slice(end)
}

function blank(value: string): string {
  // By code units, the unit of text positions: an emoji takes two.
  return value.replaceAll(/[^\n]/g, ' ')
}

/** Returns where the bracket that opens at a position of masked code closes; -1 if it never does. */
export function closingBracket(masked: string, open: number): number {
  let depth = 0
  for (let at = open; at < masked.length; at += 1) {
    const char = masked.charAt(at)
    if ('([{'.includes(char)) depth += 1
    if (')]}'.includes(char)) depth -= 1
    if (depth === 0) return at
  }
  return -1
}
