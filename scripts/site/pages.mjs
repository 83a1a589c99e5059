// The site's documents and their titles.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspaces.mjs'

export const REPOSITORY = 'https://github.com/cli-ops/cli-ops'

/** Patterns of the Markdown files that are not pages: logs, notes about working on the repository, and generated reports. */
export const PAGES_LEFT_OUT = [
  '**/CHANGELOG.md',
  '**/node_modules/**',
  '**/dist/**',
  '.*/**',
  'benchmarks/**',
  'docs/api/**',
  'packages/create-cli-ops/templates/**',
  'test/**',
]

const LEFT_OUT =
  /(?:^|\/)(?:node_modules|dist|CHANGELOG\.md$)|^(?:\.|benchmarks\/|docs\/api\/|packages\/create-cli-ops\/templates\/|test\/)/u

/**
 * Returns whether a Markdown file is a page.
 *
 * @param {string} path relative to the repository
 */
export function isPage(path) {
  return path.endsWith('.md') && !LEFT_OUT.test(path)
}

/**
 * Returns the pages directly in a folder, by name, except the README.
 *
 * @param {string} folder relative to the repository
 */
export function pagesIn(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => `${folder}/${name}`)
}

/**
 * Returns the first heading of a page, as plain text.
 *
 * @param {string} page
 */
export function titleOf(page) {
  const [, title = page] = /^# (.+)$/mu.exec(readFileSync(join(root, page), 'utf8')) ?? []
  return title.replaceAll(/[`*]|\\(?=[<>])/gu, '')
}
