import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { expect, test } from 'vitest'

import { root, workspaces } from '../../scripts/workspaces.mjs'
import { codeBlocks, documents } from './markdown.js'

const OWN = workspaces().flatMap(({ name, manifest }) => (manifest.private === true ? [] : [name]))
/** Programs of others whose package has the same name. */
const OTHERS = ['esbuild', 'lint-staged']

const pages = documents().map((path) => ({
  page: relative(root, path),
  text: readFileSync(path, 'utf8'),
  shell: codeBlocks(path, ['sh'])
    .map(({ code }) => code)
    .join('\n'),
}))

/** What is found, each with its page. */
function found(
  find: (page: (typeof pages)[number]) => Iterable<string | undefined>,
): { page: string; name: string }[] {
  return pages.flatMap((page) => Array.from(find(page), (name = '') => ({ page: page.page, name })))
}

const npx = (text: string) => Array.from(text.matchAll(/\bnpx (@?[\w./-]+)/gu), ([, name]) => name)

test('what npx starts is a package, or the page has installed it', () => {
  const started = found(({ text, shell }) => {
    const isInstalled = /^npm install (?!--global).*@cli-ops\/cli\b/mu.test(shell)
    const inProse = Array.from(text.matchAll(/`([^`\n]*)`/gu), ([, code = '']) => npx(code)).flat()
    return [...inProse, ...npx(shell).filter((name) => name !== 'cli-ops' || !isInstalled)]
  })
  expect(started.filter(({ name }) => ![...OWN, ...OTHERS].includes(name))).toEqual([])
  expect(started.length).toBeGreaterThan(2)
})

test('packages of ours that are installed exist', () => {
  const installed = found(({ text }) =>
    Array.from(text.matchAll(/\bnpm install ([^\n`]+)/gu), ([, names = '']) => names).flatMap(
      (names) => names.match(/@cli-ops\/[\w-]+/gu) ?? [],
    ),
  )
  expect(installed.filter(({ name }) => !OWN.includes(name))).toEqual([])
  expect(installed.length).toBeGreaterThan(20)
})

test('a page that runs cli-ops says how to get it', () => {
  const silent = pages.filter(
    ({ shell, text }) =>
      /^(?:\w+=\S+ )*cli-ops /mu.test(shell) && !/npm install .*@cli-ops\/cli\b/u.test(text),
  )
  expect(silent.map(({ page }) => page)).toEqual([])
})
