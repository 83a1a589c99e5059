const OPENS_REGEX =
  /(?:^|[([{,;=:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await))\s*$/u

/**
 * JavaScript or TypeScript with the insides of comments, strings, templates and regular expressions blanked by spaces, so that a pattern
 * finds code only. Every character keeps its place. Quotes stay, and so do line breaks.
 */
export function maskCode(code: string): string {
  let masked = ''
  /** For each template around this place, how many braces are open in its `${…}`. */
  const templates: number[] = []
  const copy = (to: number): void => {
    masked += code.slice(masked.length, to)
  }
  const blank = (to: number): void => {
    masked += code.slice(masked.length, to).replaceAll(/[^\n]/gu, ' ')
  }
  while (masked.length < code.length) {
    const at = masked.length
    const two = code.slice(at, at + 2)
    const [char = ''] = two
    if (two === '//' || (at === 0 && two === '#!')) blank(endOf(code, '\n', at))
    else if (two === '/*') blank(endOf(code, '*/', at + 2) + 2)
    else if (char === "'" || char === '"') {
      const end = endOfQuoted(code, char, at)
      copy(at + 1)
      blank(end)
      copy(end + 1)
    } else if (char === '/' && OPENS_REGEX.test(masked.slice(-20))) {
      const end = endOfRegex(code, at)
      copy(at + 1)
      blank(end)
      copy(end + 1)
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop()
      const end = endOfTemplate(code, at + 1)
      if (code.startsWith('${', end)) templates.push(0)
      copy(at + 1)
      blank(end)
      copy(end + (code.startsWith('${', end) ? 2 : 1))
    } else {
      const last = templates.length - 1
      if (last >= 0 && char === '{') templates[last] = (templates[last] ?? 0) + 1
      if (last >= 0 && char === '}') templates[last] = (templates[last] ?? 0) - 1
      copy(at + 1)
    }
  }
  return masked.slice(0, code.length)
}

/** Where the bracket that opens at a place of masked code closes; -1 where it never does. */
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

function endOf(code: string, text: string, from: number): number {
  const end = code.indexOf(text, from)
  return end < 0 ? code.length : end
}

function endOfQuoted(code: string, quote: string, open: number): number {
  let at = open + 1
  while (at < code.length && code[at] !== quote && code[at] !== '\n')
    at += code[at] === '\\' ? 2 : 1
  return at
}

function endOfRegex(code: string, open: number): number {
  let inClass = false
  let at = open + 1
  while (at < code.length && code[at] !== '\n' && (inClass || code[at] !== '/')) {
    if (code[at] === '[') inClass = true
    if (code[at] === ']') inClass = false
    at += code[at] === '\\' ? 2 : 1
  }
  return at
}

function endOfTemplate(code: string, from: number): number {
  let at = from
  while (at < code.length && code[at] !== '`' && !code.startsWith('${', at))
    at += code[at] === '\\' ? 2 : 1
  return at
}
