import type { AddHelpTextContext } from 'commander'

/** The examples in a help text. A test runs each of them. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
}

/** Paragraphs before them, broken where the terminal ends; the examples are not, since they are copied. */
export function notes(
  paragraphs: readonly string[],
  rest = '',
): (at: AddHelpTextContext) => string {
  return ({ command, error }) => {
    const output = command.configureOutput()
    const width = (error ? output.getErrHelpWidth?.() : output.getOutHelpWidth?.()) ?? 80
    const help = command.createHelp()
    const wrapped = paragraphs.map((text) => `\n${help.boxWrap(text, width)}\n`)
    return wrapped.join('') + rest
  }
}
