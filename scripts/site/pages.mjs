// Which documents the site has, and what each is called.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspaces.mjs'

export const REPOSITORY = 'https://github.com/cli-ops/cli-ops'

/** Patterns of the Markdown files that are no pages: logs, notes for the work on the repository, and reports of machines. */
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
 * Whether a Markdown file is a page.
 *
 * @param {string} path relative to the repository
 */
export function isPage(path) {
  return path.endsWith('.md') && !LEFT_OUT.test(path)
}

/**
 * The pages of a folder, without those below it, by name; the README is not among them.
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
 * The first heading of a page, as plain text.
 *
 * @param {string} page
 */
export function titleOf(page) {
  const [, title = page] = /^# (.+)$/mu.exec(readFileSync(join(root, page), 'utf8')) ?? []
  return title.replaceAll(/[`*]|\\(?=[<>])/gu, '')
}
