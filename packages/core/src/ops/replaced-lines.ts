import { STYLE_CODE } from '../base/terminal/style.js'
import { widthOf } from '../base/terminal/text-width.js'

/** The size of a terminal; some pseudo-terminals report none. */
export interface TerminalSize {
  readonly columns?: number
  readonly rows?: number
}

/** Lines at the end of a terminal's output that later ones replace; what was printed before them stays. */
export class ReplacedLines {
  #shown: readonly string[] = []

  /** Returns what to write so that these lines, as many as fit, replace the last ones. */
  replaceBy(lines: readonly string[], { columns, rows }: TerminalSize): string {
    const width = columns || 80
    const height = (line: string): number => Math.max(1, Math.ceil(widthOf(unstyled(line)) / width))
    const up = this.#shown.reduce((sum, line) => sum + height(line), 0)
    this.#shown = cutToFit(lines, height, (rows || 24) - 1)
    // The cursor is below the lines; everything from the first one on is erased.
    return `${up === 0 ? '' : `\u001b[${up}A`}\u001b[J${this.#shown.join('\n')}\n`
  }
}

/** The cursor cannot go up to a line that has left the screen; the last row then says how much is missing. */
function cutToFit(
  lines: readonly string[],
  height: (line: string) => number,
  rows: number,
): readonly string[] {
  const fitting = (room: number): number => {
    let used = 0
    const end = lines.findIndex((line) => (used += height(line)) > room)
    return end === -1 ? lines.length : end
  }
  if (fitting(rows) === lines.length) return lines
  const kept = lines.slice(0, fitting(rows - 1))
  return [...kept, `… ${lines.length - kept.length} more lines`]
}

function unstyled(line: string): string {
  return line
    .split(STYLE_CODE)
    .filter((_part, index) => index % 2 === 0)
    .join('')
}
