import { appendFileSync } from 'node:fs'

/** One row of the report. */
export interface Figure {
  readonly what: string
  readonly goal: string
  readonly found: string
  readonly met: boolean
}

/**
 * Adds a row to the report of `npm run test:storm`; a short run writes none. What must always hold is also asserted.
 * What depends on the machine's load, such as a ratio of times, is only a figure.
 */
export function recordFigure(figure: Figure): void {
  const file = process.env['CLI_OPS_STORM_FIGURES']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`)
}
