const CONTEXT = 3

type Line = readonly [mark: ' ' | '-' | '+', text: string]

/** The changes of a text as `diff -u` shows them, without a line break at the end; empty where there are none. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const lines = compareLines(before.split('\n'), after.split('\n'))
  const changed = lines.flatMap(([mark], index) => (mark === ' ' ? [] : [index]))
  const hunks: { from: number; to: number }[] = []
  for (const index of changed) {
    const last = hunks.at(-1)
    const [from, to] = [Math.max(0, index - CONTEXT), Math.min(lines.length, index + CONTEXT + 1)]
    if (last !== undefined && from <= last.to) last.to = to
    else hunks.push({ from, to })
  }
  if (hunks.length === 0) return ''
  const shown = hunks.map(({ from, to }) => showHunk(lines, from, to))
  return [`--- ${path}`, `+++ ${path}`, ...shown].join('\n')
}

function showHunk(lines: readonly Line[], from: number, to: number): string {
  const count = (without: string, end: number, start = 0): number =>
    lines.slice(start, end).filter(([mark]) => mark !== without).length
  const part = (without: string): string =>
    `${count(without, from) + 1},${count(without, to, from)}`
  const body = lines.slice(from, to).map(([mark, text]) => mark + text)
  // What follows the last line break is no line of the file.
  if (to === lines.length && body.at(-1) === ' ') body.pop()
  return [`@@ -${part('+')} +${part('-')} @@`, ...body].join('\n')
}

/** The longest common subsequence of what is between the equal beginning and the equal end; those are long, and it is short. */
function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before.at(-1 - tail) === after.at(-1 - tail)
  )
    tail += 1
  const same = (text: string): Line => [' ', text]
  return [
    ...before.slice(0, head).map(same),
    ...compareAll(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ]
}

function compareAll(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1
  // How many lines are common from a line of the one and a line of the other on.
  const common = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]]
    if (old !== undefined && old === fresh) {
      lines.push([' ', old])
      i += 1
      j += 1
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(['-', old])
      i += 1
    } else {
      lines.push(['+', fresh ?? ''])
      j += 1
    }
  }
  return lines
}
