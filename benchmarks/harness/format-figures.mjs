// Formats the numbers in all output.

/**
 * @typedef {import('./report.mjs').Row} Row
 * @typedef {import('./statistics.mjs').Summary} Summary
 */

/** Formats three significant digits, and no more than is legible. @param {number} value */
export function formatNumber(value) {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (Number.isInteger(value)) return String(value)
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  if (size >= 1) return value.toFixed(2)
  return String(Number(value.toPrecision(3)))
}

/** @param {Summary} summary @param {string} unit */
export function formatSummary({ median, p99, samples }, unit) {
  const suffix = unit === '' ? '' : ` ${unit}`
  // The p99 of a few samples is their maximum, and says nothing.
  const tail = samples >= 100 ? ` (p99 ${formatNumber(p99)})` : ''
  return `${formatNumber(median)}${suffix}${tail}`
}

/** @param {Row['ratio']} ratio */
export function formatRatio(ratio) {
  if (ratio === undefined) return ''
  return `${fixed(ratio.median)} [${fixed(ratio.min)}..${fixed(ratio.max)}]`
}

/** @param {Row['ratio']} ratio */
export function formatInterval(ratio) {
  if (ratio === undefined) return ''
  return `${fixed(ratio.low)}–${fixed(ratio.high)}`
}

/** @param {number} ratio */
function fixed(ratio) {
  return ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(3)
}

export const COLUMNS = ['what', 'ours', 'peer', 'ratio [min..max]', '95 %', 'goal', 'met?']

/** Returns one row as the cells of {@link COLUMNS}. @param {Row} row */
export function rowCells({ what, unit, ours, peer, ratio, goals, note }) {
  return [
    note === undefined ? what : `${what} (${note})`,
    formatSummary(ours, unit),
    peer === undefined ? '' : `${formatSummary(peer.summary, unit)} ${peer.name}`,
    formatRatio(ratio),
    formatInterval(ratio),
    goals.map(({ text }) => text).join(', '),
    goals.map(({ met }) => met).join(', '),
  ]
}
