// Rewrites the repository's links between documents so that they work on the site as well.
import { existsSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { root } from '../workspaces.mjs'
import { isPage, REPOSITORY } from './pages.mjs'

/**
 * Returns where a page's link leads on the site: to another page, or to the file on GitHub. External and broken links
 * stay unchanged; VitePress finds the latter.
 *
 * @param {string} page the page that has the link, relative to the repository
 * @param {string} link
 */
export function siteLink(page, link) {
  if (/^(?:[a-z][a-z+.-]*:|#|\/)/iu.test(link)) return link
  const [path = '', anchor] = link.split('#')
  const target = posix.normalize(posix.join(dirname(page), decodeURIComponent(path)))
  const place = join(root, target)
  if (!existsSync(place)) return link
  const isFolder = statSync(place).isDirectory()
  const document = isFolder ? posix.join(target, 'README.md') : target
  const behind = anchor === undefined ? '' : `#${anchor}`
  if (isPage(document) && existsSync(join(root, document)))
    return `/${document.replace(/(^|\/)README\.md$/u, '$1index.md')}${behind}`
  return `${REPOSITORY}/${isFolder ? 'tree' : 'blob'}/main/${target}${behind}`
}

/**
 * A rule of markdown-it. Images stay: the build copies them.
 *
 * @param {{ tokens: any[], env: { relativePath?: string, path?: string } }} state
 */
export function linkRule({ tokens, env }) {
  const page = (env.path ?? '').slice(root.length + 1)
  for (const token of tokens.flatMap((each) => each.children ?? [])) {
    if (token.type !== 'link_open') continue
    token.attrSet('href', siteLink(page, token.attrGet('href')))
  }
}
