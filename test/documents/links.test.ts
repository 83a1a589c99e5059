import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'

const FENCED = /^(```|~~~).*?^\1/gmsu
const INLINE_CODE = /`[^`\n]*`/gu
const LINK = /!?\[(?:[^[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()\s]*\))?)(?:\s+"[^"]*")?\)/gu

/** Every Markdown file of the repository, tracked or not yet. */
const documents = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))

/** Returns a document's `#…` anchors, as GitHub creates them from headings. */
function anchorsOf(path: string): Set<string> {
  const anchors = new Set<string>()
  const text = readFileSync(path, 'utf8').replaceAll(FENCED, '')
  for (const [, heading = ''] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gmu)) {
    const plain = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/gu, '$1').replaceAll(/[`*]/gu, '')
    const base = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-')
    let anchor = base
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`
    anchors.add(anchor)
  }
  for (const [, id = ''] of text.matchAll(/\b(?:id|name)="([^"]+)"/gu)) anchors.add(id)
  return anchors
}

/** Returns a document's broken links, with the reason. */
function brokenLinks(document: string): string[] {
  const path = join(root, document)
  const text = readFileSync(path, 'utf8').replaceAll(FENCED, '').replaceAll(INLINE_CODE, '')
  return [...text.matchAll(LINK)].flatMap(([, link = '']) => {
    if (/^[a-z][a-z+.-]*:/iu.test(link)) return URL.canParse(link) ? [] : [`${link}: not a URL`]
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), decodeURIComponent(file))
    if (relative(root, target).startsWith('..')) return [`${link}: outside the repository`]
    if (!existsSync(target)) return [`${link}: no such file`]
    if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return []
    return anchorsOf(target).has(decodeURIComponent(anchor)) ? [] : [`${link}: no such heading`]
  })
}

describe('links lead somewhere', () => {
  test.each(documents)('%s', (document) => {
    expect(brokenLinks(document)).toEqual([])
  })
})

test('an anchor is what GitHub makes of a heading', () => {
  const anchors = anchorsOf(join(root, 'CONTRIBUTING.md'))
  expect(anchors).toContain('adding-a-framework')
  expect(anchors).not.toContain('npm-ci')
})

test('the list of guides names each by its title, as the site’s sidebar does', () => {
  const list = join(root, 'docs/README.md')
  const named = [...readFileSync(list, 'utf8').matchAll(/\[([^\]]+)\]\((guides\/[^)]+)\)/gu)]
  expect(named.length).toBeGreaterThan(20)
  for (const [, text = '', file = ''] of named) {
    const [, title = ''] = /^# (.+)$/mu.exec(readFileSync(join(dirname(list), file), 'utf8')) ?? []
    expect({ file, title: text.toLowerCase() }).toEqual({ file, title: title.toLowerCase() })
  }
})
