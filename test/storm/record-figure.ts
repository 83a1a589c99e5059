import { appendFileSync } from 'node:fs'

/** One row of the report. */
export interface Figure {
  readonly what: string
  readonly goal: string
  readonly found: string
  readonly met: boolean
}

/**
 * Puts a row into the report of `npm run test:storm`; a short run writes none. What must always hold is asserted as
 * well. What depends on how busy the machine is, such as a ratio of times, is only a figure.
 */
export function recordFigure(figure: Figure): void {
  const file = process.env['CLI_OPS_STORM_FIGURES']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`)
}
