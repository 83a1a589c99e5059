// What a figure should reach, and whether it does.

/**
 * @typedef {'ratio' | 'median' | 'p99' | 'max'} GoalSubject
 * @typedef {{ of?: GoalSubject, atMost: number } | { of?: GoalSubject, atLeast: number }} Goal
 *   `of` is the ratio if there is a peer, else the median.
 * @typedef {'yes' | 'no' | 'too close'} Verdict
 *   `too close`: the confidence interval contains the goal itself, so the run does not decide.
 * @typedef {{ text: string, met: Verdict }} JudgedGoal
 * @typedef {import('./statistics.mjs').Summary} Summary
 * @typedef {import('./statistics.mjs').Ratio} Ratio
 */

/**
 * @param {Goal} goal
 * @param {{ ours: Summary, ratio?: Ratio | undefined, unit: string }} figures
 * @returns {JudgedGoal}
 */
export function judge(goal, { ours, ratio, unit }) {
  const subject = goal.of ?? (ratio === undefined ? 'median' : 'ratio')
  const [value, low, high] = subject === 'ratio' ? interval(ratio) : point(ours[subject])
  const most = 'atMost' in goal
  const limit = most ? goal.atMost : goal.atLeast
  const suffix = subject === 'ratio' || unit === '' ? '' : ` ${unit}`
  const prefix = subject === 'p99' || subject === 'max' ? `${subject} ` : ''
  return {
    text: `${prefix}${most ? '≤' : '≥'} ${limit.toLocaleString('en-US')}${suffix}`,
    met: most ? verdict(value, low, high, limit) : verdict(-value, -high, -low, -limit),
  }
}

/** @param {number} value @param {number} low @param {number} high @param {number} limit @returns {Verdict} */
function verdict(value, low, high, limit) {
  if (high <= limit) return 'yes'
  if (low > limit) return 'no'
  return Number.isNaN(value) ? 'no' : 'too close'
}

/** @param {Ratio | undefined} ratio @returns {[number, number, number]} */
function interval(ratio) {
  if (ratio === undefined) throw new TypeError('a goal for a ratio needs a peer')
  return [ratio.median, ratio.low, ratio.high]
}

/** @param {number} value @returns {[number, number, number]} */
function point(value) {
  return [value, value, value]
}
