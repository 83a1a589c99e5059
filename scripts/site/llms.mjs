// The documents for programs that read them: https://llmstxt.org
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspaces.mjs'
import { pagesIn, REPOSITORY, titleOf } from './pages.mjs'
import { guides } from './sidebar.mjs'

const PARTS = [
  { heading: 'Start', pages: ['README.md', ...pagesIn('docs')] },
  { heading: 'Guides', pages: guides() },
  { heading: 'Reference', pages: pagesIn('docs/reference') },
  { heading: 'Optional', pages: pagesIn('docs/adr') },
]

/**
 * Writes `llms.txt`, a list of the documents, and `llms-full.txt`, the documents themselves except the optional ones.
 *
 * @param {string} folder
 */
export function writeLlms(folder) {
  const [, summary = ''] = /^# cli-ops\n\n(.+?)\n\n/su.exec(read('README.md')) ?? []
  const lists = PARTS.map(
    ({ heading, pages }) => `## ${heading}\n\n${pages.map((page) => listed(page)).join('\n')}\n`,
  )
  writeFileSync(
    join(folder, 'llms.txt'),
    `# cli-ops\n\n> ${summary.replaceAll('\n', ' ')}\n\n${lists.join('\n')}`,
  )
  const full = PARTS.filter(({ heading }) => heading !== 'Optional').flatMap(({ pages }) => pages)
  writeFileSync(
    join(folder, 'llms-full.txt'),
    full.map((page) => `<!-- ${page} -->\n\n${read(page).trim()}\n`).join('\n'),
  )
}

/** @param {string} page */
function listed(page) {
  const raw = `${REPOSITORY.replace('github.com', 'raw.githubusercontent.com')}/main/${page}`
  return `- [${titleOf(page)}](${raw})`
}

/** @param {string} page */
function read(page) {
  return readFileSync(join(root, page), 'utf8')
}
