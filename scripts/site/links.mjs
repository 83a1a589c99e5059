// Links between documents as they are in the repository, made such that they lead somewhere on the site as well.
import { existsSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { root } from '../workspaces.mjs'
import { isPage, REPOSITORY } from './pages.mjs'

/**
 * Where a link of a page leads on the site: to another page, or to the file on GitHub. What leads out of the site, and what leads nowhere, stays
 * as it is; VitePress finds the latter.
 *
 * @param {string} page the page it stands on, relative to the repository
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
 * A rule of markdown-it. Images stay: the build takes them along.
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
