/**
 * @typedef {{ at: (value: number) => number, ticks: number[] }} Scale
 *   `at` returns a value's position on the page.
 */

/**
 * Creates an axis that contains all the values, from `start` to `end` on the page.
 *
 * @param {readonly number[]} values
 * @param {{ start: number, end: number, log?: boolean | undefined, fromZero?: boolean }} options
 * @returns {Scale}
 */
export function createScale(values, { start, end, log = false, fromZero = false }) {
  const usable = log ? values.filter((value) => value > 0) : values
  const low = Math.min(...usable, fromZero && !log ? 0 : Infinity)
  const high = Math.max(...usable)
  const ticks = log ? logTicks(low, high) : linearTicks(low, high)
  const place = log ? Math.log10 : (/** @type {number} */ value) => value
  const first = place(ticks[0] ?? low)
  const span = place(ticks.at(-1) ?? high) - first || 1
  return { at: (value) => start + ((place(value) - first) / span) * (end - start), ticks }
}

/** @param {number} low @param {number} high */
function linearTicks(low, high) {
  const span = high - low || Math.abs(high) || 1
  const rough = span / 5
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = magnitude * ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9))
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  )
}

/** @param {number} low @param {number} high */
function logTicks(low, high) {
  const first = Math.floor(Math.log10(low) + 1e-9)
  const last = Math.max(first + 1, Math.ceil(Math.log10(high) - 1e-9))
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number((10 ** (first + index)).toPrecision(6)),
  )
}
