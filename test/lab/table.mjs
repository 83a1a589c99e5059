import { COLUMNS } from './examine.mjs'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} version
 * @property {string} framework
 * @property {string} node
 * @property {string} start
 * @property {Readonly<Record<string, string>>} cells by column
 * @property {readonly string[]} notes
 */

/** @param {readonly Row[]} rows */
export function toMarkdown(rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`
  const titles = ['CLI', 'framework', 'Node', 'started', ...COLUMNS]
  const notes = rows.flatMap(({ name, notes }) => notes.map((note) => `- ${name}: ${note}`))
  return [
    line(titles),
    line(titles.map(() => '---')),
    ...rows.map(({ name, version, framework, node, start, cells }) =>
      line([
        `${name} ${version}`,
        framework,
        node,
        start,
        ...COLUMNS.map((column) => cells[column] ?? '–'),
      ]),
    ),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ].join('\n')
}
