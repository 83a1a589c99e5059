// The documents for programs that read them: https://llmstxt.org
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, workspaces } from '../workspaces.mjs'
import { pagesIn, titleOf } from './pages.mjs'
import { apiPages, guides } from './sidebar.mjs'

const PARTS = [
  { heading: 'Start', pages: ['README.md', 'docs/README.md', ...pagesIn('docs')] },
  { heading: 'Guides', pages: guides() },
  { heading: 'Packages', pages: packages() },
  { heading: 'Reference', pages: pagesIn('docs/reference') },
  {
    heading: 'API',
    pages: ['docs/reference/api/README.md', ...apiPages().map(({ page }) => page)],
    isOnlyListed: true,
  },
  { heading: 'Optional', pages: pagesIn('docs/adr'), isOnlyListed: true },
]

const API_TITLES = new Map(apiPages().map(({ page, text }) => [page, text]))

/**
 * Writes `llms.txt`, a list of the documents; the documents that it links to, as Markdown; and `llms-full.txt`, most of them in one file.
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
  for (const page of PARTS.flatMap(({ pages }) => pages))
    cpSync(join(root, page), join(folder, page))
  const full = PARTS.filter(({ isOnlyListed }) => isOnlyListed !== true)
  writeFileSync(
    join(folder, 'llms-full.txt'),
    full
      .flatMap(({ pages }) => pages)
      .map((page) => `<!-- ${page} -->\n\n${read(page).trim()}\n`)
      .join('\n'),
  )
}

/**
 * A relative link, which leads to the copy wherever the site is.
 *
 * @param {string} page
 */
function listed(page) {
  return `- [${API_TITLES.get(page) ?? titleOf(page)}](${page})`
}

function packages() {
  return workspaces()
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder }) => `packages/${folder}/README.md`)
}

/** @param {string} page */
function read(page) {
  return readFileSync(join(root, page), 'utf8')
}
