// Builds the site's sidebar from the documents themselves.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, workspaces } from '../workspaces.mjs'
import { pagesIn, titleOf } from './pages.mjs'

/** @typedef {{ text: string, link: string }} Item */

/** Returns the guides in the order of the table in docs/README.md, which a test keeps complete. */
export function guides() {
  const overview = readFileSync(join(root, 'docs/README.md'), 'utf8')
  const named = Array.from(
    overview.matchAll(/\]\((guides\/[^)#]+\.md)\)/gu),
    ([, path]) => `docs/${path}`,
  )
  const all = pagesIn('docs/guides')
  return [...new Set([...named.filter((page) => all.includes(page)), ...all])]
}

export function sidebar() {
  const packages = workspaces().filter(({ manifest }) => manifest.private !== true)
  return [
    { text: 'Start', items: [{ text: 'What it is', link: '/' }, ...items(pagesIn('docs'))] },
    { text: 'Guides', items: items(guides()) },
    {
      text: 'Packages',
      collapsed: true,
      items: packages.map(({ name, folder }) => ({ text: name, link: `/packages/${folder}/` })),
    },
    {
      text: 'Reference',
      collapsed: true,
      items: items(pagesIn('docs/reference')),
    },
    {
      text: 'API',
      collapsed: true,
      items: [{ text: 'All packages', link: '/docs/reference/api/' }, ...apiPages()],
    },
    { text: 'Decisions', collapsed: true, items: items(pagesIn('docs/adr')) },
  ]
}

/** Returns a page for each entry point of a package, by its import specifier. */
function apiPages() {
  const folder = 'docs/reference/api'
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.endsWith('README.md'))
    .sort()
    .map((path) => {
      const page = path.slice(0, -'.md'.length)
      const text = page.replace(/([^/]+)\/\1$/u, '$1')
      return { text, link: `/${folder}/${page}` }
    })
}

/**
 * @param {string[]} pages
 * @returns {Item[]}
 */
function items(pages) {
  return pages.map((page) => ({ text: titleOf(page), link: `/${page.replace(/\.md$/u, '')}` }))
}
