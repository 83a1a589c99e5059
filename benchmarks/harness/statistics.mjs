// Summarises noisy samples. Medians throughout: one descheduled run must not move a result.

/**
 * @typedef {{ median: number, p99: number, min: number, max: number, samples: number }} Summary
 * @typedef {{ median: number, low: number, high: number, min: number, max: number, pairs: number }} Ratio
 *   `low`..`high` is the 95 % confidence interval of the median, `min`..`max` the spread of the pairs.
 */

const RESAMPLES = 2000

/** @param {readonly number[]} samples @returns {Summary} */
export function summarize(samples) {
  const sorted = ascending(samples)
  return {
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    samples: sorted.length,
  }
}

/**
 * Compares two series that were measured in turns. The ratio is taken pair by pair, since the two runs of a pair ran on
 * the machine in the same state, and only then summarised.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} peer
 * @returns {Ratio}
 */
export function compareInPairs(ours, peer) {
  if (ours.length !== peer.length) {
    throw new TypeError(
      `pairs need two series of one length, got ${ours.length} and ${peer.length}`,
    )
  }
  const ratios = ours.map((value, index) => value / /** @type {number} */ (peer[index]))
  const sorted = ascending(ratios)
  return {
    median: quantile(sorted, 0.5),
    ...medianInterval(sorted),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    pairs: sorted.length,
  }
}

/**
 * Returns the 95 % confidence interval of the median, by bootstrapping. The seed is fixed, so the same samples always
 * produce the same interval.
 *
 * @param {readonly number[]} samples
 * @returns {{ low: number, high: number }}
 */
export function medianInterval(samples) {
  const random = seededRandom(samples.length)
  const size = samples.length
  const medians = Array.from({ length: RESAMPLES }, () => {
    const resample = Float64Array.from(
      { length: size },
      () => /** @type {number} */ (samples[Math.floor(random() * size)]),
    ).sort()
    return quantile(resample, 0.5)
  })
  const sorted = ascending(medians)
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
}

/**
 * Interpolates linearly between the two nearest ranks.
 *
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} q 0 to 1
 */
export function quantile(sorted, q) {
  if (sorted.length === 0) throw new TypeError('no samples to summarize')
  const position = q * (sorted.length - 1)
  const below = Math.floor(position)
  const low = /** @type {number} */ (sorted[below])
  const high = /** @type {number} */ (sorted[Math.min(below + 1, sorted.length - 1)])
  return low + (high - low) * (position - below)
}

/** @param {readonly number[]} samples */
function ascending(samples) {
  return [...samples].sort((a, b) => a - b)
}

/** Mulberry32: 32 bits of state are plenty to pick samples. @param {number} seed */
export function seededRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
