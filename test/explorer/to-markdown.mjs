/**
 * Formats the rows as tables, with the seeds of violations.
 *
 * @param {readonly import('./tasks.mjs').Row[]} rows
 * @param {import('./scenarios/lock-scenarios.ts').Size} size
 */
export function toMarkdown(rows, size) {
  const real = rows.filter(({ variant }) => variant === 'real')
  const mutants = rows.filter(({ variant }) => variant !== 'real')
  const lines = [
    '| scenario | platform | schedules | states | violations | seconds |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...real.map(
      ({ scenario, platform, schedules, states, isComplete, violations, seconds }) =>
        `| ${scenario} | ${platform} | ${isComplete ? '' : '> '}${count(schedules)} | ${count(states)} | ${violations.length} | ${seconds.toFixed(1)} |`,
    ),
    `| all | | ${count(sum(real, 'schedules'))} | ${count(sum(real, 'states'))} | ${real.flatMap(({ violations }) => violations).length} | ${sum(real, 'seconds').toFixed(1)} |`,
    '',
    '| known-bad variant | caught in | violation | states | seconds |',
    '| --- | --- | --- | ---: | ---: |',
    ...mutants.map(
      ({ variant, scenario, violations: [first], states, seconds }) =>
        `| ${variant} | ${scenario} | ${first?.message ?? '**none**'} | ${count(states)} | ${seconds.toFixed(2)} |`,
    ),
  ]
  for (const { scenario, platform, violations } of real) {
    for (const { message, seed } of violations) {
      const long = size === 'long' ? ' --long' : ''
      const command = `node test/explorer/run.mjs${long} --platform ${platform} --scenario "${scenario}" --seed ${seed}`
      lines.push('', `${scenario}: ${message}`, '', `    ${command}`)
    }
  }
  return lines.join('\n')
}

/** @param {number} value */
function count(value) {
  return value < 1e9 ? value.toLocaleString('en') : value.toExponential(1).replace('e+', ' × 10^')
}

/** @param {readonly import('./tasks.mjs').Row[]} rows @param {'schedules' | 'states' | 'seconds'} what */
function sum(rows, what) {
  return rows.reduce((total, row) => total + row[what], 0)
}
