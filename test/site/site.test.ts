import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { noChromium, startChromium } from '../../packages/cli/test/fixtures/chromium.js'
import { siteLink } from '../../scripts/site/links.mjs'
import { pagesIn } from '../../scripts/site/pages.mjs'
import { root } from '../../scripts/workspaces.mjs'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

const site = mkdtempSync(join(tmpdir(), 'cli-ops-site-'))
const chromium = startChromium()
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
  try {
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
    response.end(readFileSync(join(site, decodeURIComponent(path))))
  } catch {
    response.writeHead(404).end()
  }
})

// VitePress ends with an error at a broken link.
beforeAll(async () => {
  const program = join(root, 'node_modules/vitepress/bin/vitepress.js')
  const env = { ...process.env, NODE_ENV: undefined, VITEST: undefined }
  const args = [program, 'build', 'docs', '--outDir', site]
  await promisify(execFile)(process.execPath, args, { cwd: root, env })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  server.close()
  rmSync(site, { recursive: true, force: true })
})

function read(path: string): string {
  return readFileSync(join(site, path), 'utf8')
}

test('the README is the front page, and the sidebar leads to every guide and reference', () => {
  const front = read('index.html')
  expect(front).toContain('makes separate command-line programs work together')
  for (const page of [
    ...pagesIn('docs/guides'),
    ...pagesIn('docs/reference'),
    ...pagesIn('docs'),
  ]) {
    const html = page.replace(/\.md$/u, '.html')
    expect(read(html)).toContain('<h1')
    expect(front, page).toContain(`href="/${html}"`)
  }
})

test('a package has one page for its API, by topic', () => {
  const folder = 'docs/reference/api/@cli-ops'
  const front = read('index.html')
  for (const page of ['commander-plugin', 'shared-ipc/shared-ipc', 'driver-websocket/hub']) {
    const html = `${folder}/${page}.html`
    expect(front).toContain(`href="/${html}"`)
    expect(read(html)).toContain('<h2')
  }
  const core = read(`${folder}/shared-ipc/shared-ipc.html`)
  const topics = ['coordinator', 'locks', 'events', 'registry', 'requests']
  const places = topics.map((topic) => core.indexOf(`<h2 id="${topic}"`))
  expect(places).toEqual([...places].sort((one, other) => one - other))
  expect(places).not.toContain(-1)
})

test('notes about working on the repository are not pages', () => {
  const tops = readdirSync(site).filter((name) => !/\.(?:css|html|json|md|txt)$/u.test(name))
  expect(tops.sort()).toEqual(['assets', 'docs', 'examples', 'packages'])
  expect(readdirSync(join(site, 'docs')).sort()).not.toContain('api')
})

test('programs find the documents on the site by llms.txt, and all of them in llms-full.txt', () => {
  const list = read('llms.txt')
  expect(list).toMatch(/^# cli-ops\n\n> .{40,}\n\n## Start\n/u)
  const full = read('llms-full.txt')
  for (const page of [...pagesIn('docs/guides'), ...pagesIn('docs/reference')]) {
    expect(list).toContain(`(${page})`)
    expect(full).toContain(`<!-- ${page} -->`)
  }
  const links = Array.from(list.matchAll(/\]\(([^)]+)\)/gu), ([, link = '']) => link)
  expect(links).toContain('docs/reference/api/@cli-ops/shared-ipc/shared-ipc.md')
  expect(links).toContain('packages/oclif-plugin/README.md')
  for (const link of links) expect(read(link), link).toMatch(/^# /mu)
})

test.each([
  ['README.md', 'docs/README.md', '/docs/index.md'],
  ['README.md', 'packages/core', '/packages/core/index.md'],
  [
    'docs/guides/slots.md',
    '../reference/errors.md#exit-codes',
    '/docs/reference/errors.md#exit-codes',
  ],
  ['docs/README.md', '../README.md', '/index.md'],
  ['README.md', 'LICENSE', 'https://github.com/cli-ops/cli-ops/blob/main/LICENSE'],
  ['README.md', 'docs/adr', 'https://github.com/cli-ops/cli-ops/tree/main/docs/adr'],
  [
    'README.md',
    'benchmarks/results/results.md',
    'https://github.com/cli-ops/cli-ops/blob/main/benchmarks/results/results.md',
  ],
  ['README.md', 'no/such.md', 'no/such.md'],
  ['README.md', 'https://nodejs.org', 'https://nodejs.org'],
])('on %s, %s leads to %s', (page, link, target) => {
  expect(siteLink(page, link)).toBe(target)
})

describe.skipIf(noChromium !== undefined)('in a browser', () => {
  /** Opens a page as an offline reader; fails if it requests anything else, or on any error. */
  async function open(path: string, width: number): Promise<Page> {
    const browser = await chromium()
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: 'light' })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    page.on('pageerror', (error) => {
      throw error
    })
    await page.route('**', (route) => {
      expect(route.request().url()).toContain(origin)
      return route.continue()
    })
    await page.goto(origin + path, { waitUntil: 'networkidle' })
    // Until then keys have no effect.
    await page.waitForFunction('document.querySelector("#app").__vue_app__ !== undefined')
    return page
  }

  test('the front page shows the picture', async () => {
    const page = await open('/', 1280)
    const width = await page.evaluate<number>("document.querySelector('main img').naturalWidth")
    expect(width).toBeGreaterThan(0)
  })

  test('search works without a server, and the dark theme is dark', async () => {
    const page = await open('/', 1280)
    await page.locator('#local-search button').click()
    await page.locator('#localsearch-input').fill('proper-lockfile')
    await page.locator('.results a[href*="from-proper-lockfile"]').first().click()
    await page.waitForURL('**/docs/guides/from-proper-lockfile.html**')
    const colour = 'getComputedStyle(document.body).backgroundColor'
    const light = await page.evaluate<string>(colour)
    await page.locator('.VPNavBarAppearance button').click()
    await page.waitForFunction(`${colour} !== ${JSON.stringify(light)}`)
    expect(await page.locator('html.dark').count()).toBe(1)
  })

  test.each([
    '/',
    '/docs/guides/tutorial.html',
    '/docs/reference/cli.html',
    '/docs/comparison.html',
  ])('%s fits a phone', async (path) => {
    const page = await open(path, 375)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(375)
  })

  // The end of a line names the program that runs under the lock.
  test('a command line is shown to its end on a phone', async () => {
    const page = await open('/docs/guides/cookbook.html', 375)
    const cutOff = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('div.language-sh pre'))
        .filter((block) => block.scrollWidth > block.clientWidth)
        .map((block) => block.textContent)`,
    )
    expect(cutOff).toEqual([])
    expect(await page.locator('div.language-sh pre').count()).toBeGreaterThan(10)
  })
})
