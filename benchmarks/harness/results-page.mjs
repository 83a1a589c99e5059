import { COLUMNS, rowCells } from './format-figures.mjs'

const LEGEND = `Written by \`npm run bench\`. Ours and the peer are measured in turns in the same run. A ratio is the median of
the ratios pair by pair, with their spread, and "95 %" is the bootstrap confidence interval of that median. "too close"
means that the interval holds the goal itself: the run does not decide. Absolute times only describe the machine.`

/**
 * Formats the tables of all areas as one Markdown page.
 *
 * @param {readonly { area: string, modules: import('./save-results.mjs').SavedArea }[]} areas
 */
export function resultsPage(areas) {
  const sections = areas
    .filter(({ modules }) => Object.keys(modules).length > 0)
    .map(({ area, modules }) => `## ${area}\n\n${Object.values(modules).map(section).join('\n\n')}`)
  return `# Results\n\n${LEGEND}\n\n${sections.join('\n\n')}\n`
}

/** @param {import('./save-results.mjs').SavedModule} module */
function section({ title, rows, notes, unrun, svgs, machine, date, quick, seconds }) {
  const { cpu, cores, os, node } = machine
  return [
    `### ${title}`,
    `${date}, ${seconds} s, Node ${node}, ${os}, ${cores} × ${cpu}${quick ? ', **quick run**' : ''}`,
    ...(rows.length === 0 ? [] : [markdownTable(COLUMNS, rows.map(rowCells))]),
    ...unrun.map(({ what, why }) => `**Could not run** ${what}: ${why}`),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
    ...svgs.map((file) => `![${title}](${file})`),
  ].join('\n\n')
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function markdownTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
