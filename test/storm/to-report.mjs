/**
 * @typedef {object} Findings
 * @property {readonly import('./record-figure.js').Figure[]} figures
 * @property {{ numPassedTests: number, numFailedTests: number, numPendingTests: number } | undefined} totals of vitest
 * @property {string} schedules the explorer's own report
 * @property {number} minutes
 * @property {string} machine
 */

/**
 * Formats a long run's findings as Markdown.
 *
 * @param {Findings} findings
 */
export function toReport({ figures, totals, schedules, minutes, machine }) {
  const rows = figures.map(
    ({ what, goal, found, met }) => `| ${what} | ${goal} | ${found} | ${met ? 'yes' : 'no'} |`,
  )
  const counts =
    totals === undefined
      ? ''
      : ` ${totals.numPassedTests} scenarios held, ${totals.numFailedTests} did not, ${totals.numPendingTests} could not be tried.`
  return [
    `${machine}; ${minutes.toFixed(0)} minutes.${counts}`,
    ...(rows.length === 0
      ? []
      : [['| what | goal | found | met |', '|---|---|---|---|', ...rows].join('\n')]),
    ...(schedules === '' ? [] : [schedules.trim()]),
  ].join('\n\n')
}
