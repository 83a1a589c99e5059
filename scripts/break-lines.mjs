import { parseAst } from 'rolldown/parseAst'

/**
 * Breaks the lines of minified code at statements and members of lists, where esbuild's `lineLimit` breaks few. Node shows the line of an
 * uncaught error, which must not fill the terminal.
 *
 * @param {string} code
 * @param {{ readonly isModule: boolean, readonly limit: number }} options
 */
export function breakLines(code, { isModule, limit }) {
  const program = parseAst(code, { sourceType: isModule ? 'module' : 'commonjs' })
  let broken = ''
  let copied = 0
  let lineStart = 0
  /** @type {number | undefined} */
  let last
  const cut = (/** @type {number} */ at) => {
    broken += `${code.slice(copied, at)}\n`
    copied = at
    lineStart = at
    last = undefined
  }
  for (const place of places(program).sort((a, b) => a - b)) {
    const newline = code.lastIndexOf('\n', place - 1) + 1
    if (newline > lineStart) {
      // The rest of the line before is not looked at again.
      if (last !== undefined && code.indexOf('\n', last) - lineStart > limit) cut(last)
      lineStart = Math.max(lineStart, newline)
      last = undefined
    }
    if (last !== undefined && place - lineStart > limit) cut(last)
    last = place > lineStart ? place : undefined
  }
  if (last !== undefined && code.length - lineStart > limit) cut(last)
  return broken + code.slice(copied)
}

/** Lists of which each part begins a line at will. */
const LISTS = ['body', 'consequent', 'elements', 'properties', 'arguments']
/** Of these not the first part, which may stand behind a `return`, and what follows that on the next line is not returned. */
const SEQUENCES = ['expressions', 'declarations']
/** A statement behind a condition. */
const BRANCHES = ['body', 'consequent', 'alternate']

/**
 * Where a line may end without a change of meaning.
 *
 * @param {unknown} node
 * @param {number[]} found
 */
function places(node, found = []) {
  if (Array.isArray(node)) for (const each of node) places(each, found)
  else if (typeof node === 'object' && node !== null) {
    const fields = /** @type {Record<string, { type?: string, start: number }>} */ (node)
    for (const name of LISTS) addStarts(fields[name], found)
    for (const name of SEQUENCES) addStarts(fields[name], found, 1)
    for (const name of BRANCHES) {
      const branch = fields[name]
      if (branch?.type?.endsWith('Statement')) found.push(branch.start)
    }
    for (const child of Object.values(fields)) places(child, found)
  }
  return found
}

/** @param {unknown} list @param {number[]} found @param {number} first */
function addStarts(list, found, first = 0) {
  if (Array.isArray(list))
    for (const part of list.slice(first)) if (part !== null) found.push(part.start)
}
