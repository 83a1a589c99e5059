/** Dresses texts that were made safe and fitted before. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  reverse(text: string): string
  good(text: string): string
  bad(text: string): string
  doubtful(text: string): string
  accent(text: string): string
}

/** The name of one way to dress a text. */
export type Dress = keyof Style

function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`)
}

const plain = (text: string): string => text

/** Without colour what matters is told by words anyway; bold and reverse are no colours. */
export function createStyle(hasColour: boolean): Style {
  const colour = (code: number): ((text: string) => string) => (hasColour ? sgr(code, 39) : plain)
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    reverse: sgr(7, 27),
    good: colour(32),
    bad: colour(31),
    doubtful: colour(33),
    accent: colour(36),
  }
}

/** Where nothing may be dressed: in a pipe. */
export const PLAIN_STYLE: Style = {
  bold: plain,
  dim: plain,
  reverse: plain,
  good: plain,
  bad: plain,
  doubtful: plain,
  accent: plain,
}
