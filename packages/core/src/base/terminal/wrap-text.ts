import { widthOf } from './text-width.js'

/** Returns the columns of stdout. Pipes and files have no width, so that programs such as grep find each row on one line. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || Infinity : Infinity
}

/** Breaks a text between words into lines of at most this width. A longer word has a line of its own: a terminal breaks it. */
export function wrapText(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text]
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && widthOf(line) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Returns a text behind its title, broken between words where the terminal ends. */
export function hangingLines(title: string, text: string): string[] {
  const lines = wrapText(text, terminalWidth() - title.length)
  return lines.map((line, index) => (index === 0 ? title : ' '.repeat(title.length)) + line)
}
