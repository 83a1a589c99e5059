import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Results go to stdout, for people or, as JSON, for programs. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Messages about the work, as opposed to its result, go to stderr. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Colours text if stdout is a terminal that shows colours; `NO_COLOR` is honoured. */
export function style(format: Format, text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors(16) ? styleText(format, text) : text
}
