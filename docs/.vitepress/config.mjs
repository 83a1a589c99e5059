import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import { linkRule } from '../../scripts/site/links.mjs'
import { writeLlms } from '../../scripts/site/llms.mjs'
import { PAGES_LEFT_OUT } from '../../scripts/site/pages.mjs'
import { sidebar } from '../../scripts/site/sidebar.mjs'
import { root } from '../../scripts/workspaces.mjs'

/** A padlock; without an icon, a browser asks for one and reports an error. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#3451b2"><rect x="3" y="7" width="10" height="8" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 6 0v2" fill="none" stroke="#3451b2" stroke-width="1.8"/></svg>',
)}`

// The whole repository is the source, so that a link between documents is the same here and on GitHub.
export default defineConfig({
  title: 'cli-ops',
  description: 'Locks, events, a registry and requests between separate command-line programs',
  srcDir: root,
  srcExclude: PAGES_LEFT_OUT,
  outDir: join(root, 'docs/.vitepress/dist'),
  cacheDir: join(root, '.cache/vitepress'),
  // A README is what one sees first in its folder.
  rewrites: { 'README.md': 'index.md', ':folder(.*)/README.md': ':folder/index.md' },
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: ICON }]],
  markdown: {
    config: (markdown) => {
      markdown.core.ruler.push('links-of-the-repository', linkRule)
    },
  },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    sidebar: sidebar(),
    nav: [
      { text: 'Tutorial', link: '/docs/guides/tutorial' },
      { text: 'Guides', link: '/docs/' },
      { text: 'Reference', link: '/docs/reference/api/' },
    ],
    socialLinks: [{ icon: 'github', link: 'https://github.com/cli-ops/cli-ops' }],
  },
  buildEnd: ({ outDir }) => writeLlms(outDir),
})
