import { chmodSync, mkdirSync } from 'node:fs'

import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noChromium, startChromium } from '../fixtures/chromium.js'
import { CliOpsUser } from '../fixtures/cli-ops-user.js'
import { RunningDashboard } from '../fixtures/running-dashboard.js'
import { startTeamProcess } from '../fixtures/team-process.js'

if (noChromium !== undefined) console.warn(`the dashboard is not tried in a browser: ${noChromium}`)

const chromium = startChromium()

/** What a page did that it must never do. */
interface Complaints {
  readonly list: string[]
}

async function openPage(
  link: string,
  options: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<{ page: Page; complaints: Complaints }> {
  const browser = await chromium()
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const list: string[] = []
  page.on('pageerror', (error) => list.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => list.push(`dialog: ${dialog.message()}`))
  page.on('console', (message) => {
    if (/Content.Security.Policy/iu.test(message.text())) list.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(link).origin) list.push(`asks ${request.url()}`)
    void request.allHeaders().then(
      ({ referer }) => {
        if (referer !== undefined) list.push(`tells that it comes from ${referer}`)
      },
      () => undefined,
    )
  })
  await page.goto(link)
  return { page, complaints: { list } }
}

/** Waits until an element contains a text. */
async function shows(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor()
}

describe.skipIf(noChromium !== undefined)('in a browser', () => {
  test('an empty home says what to do, and the token disappears from the address', async () => {
    const dashboard = await RunningDashboard.start(new CliOpsUser())
    const { page, complaints } = await openPage(dashboard.link)
    await shows(page, '#link', 'Live')
    expect(page.url()).toBe(`${dashboard.origin}/`)
    await shows(page, '#locks-body', 'No lock is held. Run anything under one: cli-ops run --lock')
    await shows(page, '#instances-body', 'No CLI is running.')
    await shows(page, '#commands-body', 'No recent commands.')
    await shows(page, '#requests-body', 'Nobody answers requests.')
    await shows(page, '#events-body', 'No event is kept.')
    expect(await page.locator('#warnings').isVisible()).toBe(false)
    await page.reload()
    await shows(page, '#link', 'Live')
    expect(complaints.list).toEqual([])
  })

  test('without the token nothing is shown', async () => {
    const dashboard = await RunningDashboard.start(new CliOpsUser())
    const { page } = await openPage(`${dashboard.origin}/`)
    await shows(page, '#notice', 'Open the link that “cli-ops dashboard” printed')
    expect(await page.locator('#main').isVisible()).toBe(false)
  })

  test('a busy home is shown as it changes', async () => {
    const user = new CliOpsUser()
    const dashboard = await RunningDashboard.start(user)
    const { page, complaints } = await openPage(dashboard.link)
    await shows(page, '#link', 'Live')
    const holder = startTeamProcess(user.env, 'cli-alpha', 'deploy', '--lock', 'production')
    await shows(page, '.lock', /production.*cli-alpha deploy for/su)
    startTeamProcess(user.env, 'cli-beta', 'sync', '--lock', 'production', '--shared')
    await shows(page, '.lock .queue', /1\. cli-beta sync, to share/u)
    await shows(page, '.tile', /waiting\s*1/u)
    await shows(page, '#instances-body tr', /cli-alpha.*deploy.*running/su)
    await shows(page, '#commands-body tr', /cli-beta sync.*waiting for production, 1st/su)

    const server = startTeamProcess(user.env, 'cli-api', 'serve', '--serve')
    await server.begun
    const client = user.coordinator().connect('cli-api')
    await client.call('get-status', undefined, { waitMs: 10_000 })
    await client.call('bad-request').catch(() => undefined)
    await shows(page, '#requests-body tr', /get-status.*answered/su)
    await shows(page, '#requests-body tr', /bad-request.*failed/su)

    await holder.end()
    await shows(page, '.lock .holder', 'cli-beta sync')
    // Both holders and the queue are drawn.
    await page.waitForFunction("document.querySelectorAll('.lane .hold').length === 2")
    expect(await page.locator('.lane .hold title').first().textContent()).toContain(
      'cli-alpha deploy',
    )
    expect(await page.locator('.lane .waiting').count()).toBeGreaterThan(0)
    await shows(page, '#commands-body tr', /cli-alpha deploy.*killed/su)
    expect(complaints.list).toEqual([])
  })

  test('events can be filtered, paused and reached by keyboard', async () => {
    const user = new CliOpsUser()
    const { events } = user.coordinator()
    await events.emit('task:created', { id: 't-1', title: 'Write' })
    await events.emit('item:created', { id: 'i-1', name: 'Pen' })
    const { page } = await openPage((await RunningDashboard.start(user)).link)
    await shows(page, '#events-body tr', 'item:created')
    const types = () => page.locator('#events-body td.type').allTextContents()
    expect(await types()).toEqual(['item:created', 'task:created'])
    await page.keyboard.press('/')
    await page.keyboard.type('task:*')
    expect(await types()).toEqual(['task:created'])
    await page.locator('#filter').fill('PEN')
    expect(await types()).toEqual(['item:created'])
    await page.locator('#filter').fill('nothing like it')
    await shows(page, '#events-body', 'No event matches the filter.')
    await page.locator('#filter').fill('')
    await page.locator('#pause').click()
    await events.emit('task:deleted', { id: 't-1' })
    await shows(page, '.tile', /events in a minute\s*3/u)
    expect(await types()).toEqual(['item:created', 'task:created'])
    await page.keyboard.press('Enter')
    await shows(page, '#events-body tr', 'task:deleted')
    // Tab reaches every control.
    const reached = new Set<string>()
    for (let press = 0; press < 20; press += 1) {
      await page.keyboard.press('Tab')
      reached.add(await page.evaluate<string>("document.activeElement?.id ?? ''"))
    }
    expect([...reached]).toEqual(expect.arrayContaining(['filter', 'pause']))
  })

  test('names and data from other programs are text, whatever they contain', async () => {
    const user = new CliOpsUser()
    const attack = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    const ops = user.coordinator(`"><svg onload=window.hacked=1>`)
    await ops.locks.lock(attack)
    await ops.locks.lock('__proto__')
    await ops.locks.lock("javascript:alert('1')")
    await ops.registry.register('</script><script>window.hacked=1</script>', {
      version: '<b onmouseover=window.hacked=1>1</b>',
    })
    await ops.events.emit('task:created', { id: '</td><script>window.hacked=1</script>', attack })
    const { page, complaints } = await openPage((await RunningDashboard.start(user)).link)
    await shows(page, '.lock .name', attack)
    await shows(page, '.lock .name', '__proto__')
    await shows(page, '.lock .holder', '"><svg onload=window.hacked=1>')
    await shows(page, '#instances-body', '</script><script>window.hacked=1</script>')
    await shows(page, '#events-body', '<script>window.hacked=1</script>')
    for (const name of await page.locator('.lock .name').all()) await name.click()
    await shows(page, '.details', "cli-ops locks release 'javascript:alert('\\''1'\\'')' --id")
    expect(await page.evaluate("'hacked' in window")).toBe(false)
    expect(await page.locator('main img, main script, main svg:not(.lane, .spark)').count()).toBe(0)
    expect(complaints.list).toEqual([])
  })

  test('an unusable home is named, and shown once it is usable', async () => {
    const user = new CliOpsUser()
    mkdirSync(user.home, { mode: 0o755 })
    const { page } = await openPage((await RunningDashboard.start(user)).link)
    await shows(page, '#warnings', 'so other users can access it; run "chmod 700" on it')
    await shows(page, '#locks-body', 'This cannot be read')
    chmodSync(user.home, 0o700)
    await user.coordinator().locks.lock('production')
    await shows(page, '.lock', 'production')
    await page.locator('#warnings').waitFor({ state: 'hidden' })
  })

  test('a lock is released after confirmation if that was allowed, and only the one that was shown', async () => {
    const user = new CliOpsUser()
    const { locks } = user.coordinator('cli-alpha')
    const first = await locks.lock('production')
    const looking = await openPage((await RunningDashboard.start(user)).link)
    await looking.page.getByRole('button', { name: 'production' }).click()
    await shows(looking.page, '.details', `--id ${first.id}`)
    expect(await looking.page.getByText('Release …').count()).toBe(0)

    const { page } = await openPage((await RunningDashboard.start(user, '--allow-release')).link)
    await page.getByRole('button', { name: 'production' }).click()
    await page.getByText('Release …').click()
    await shows(page, 'dialog', '“production” is taken from cli-alpha')
    // The safe answer has the focus.
    await page.keyboard.press('Enter')
    await page.locator('dialog').waitFor({ state: 'hidden' })
    first.assertHeld()
    await page.getByText('Release …').click()
    await first.release()
    const second = await locks.lock('production')
    await page.locator('#confirm-yes').click()
    await shows(page, '#notice', 'Nothing was released')
    second.assertHeld()
    await shows(page, '.details', second.id)
    await page.getByText('Release …').click()
    await page.locator('#confirm-yes').click()
    await shows(page, '#notice', '“production” was released.')
    await shows(page, '.lock .holder', 'free')
  })

  test.each([
    [400, false],
    [400, true],
    [820, false],
  ])('it fits %d pixels, dark %s', async (width, dark) => {
    const user = new CliOpsUser()
    const ops = user.coordinator('a-program-with-a-name-that-is-really-rather-long')
    await ops.locks.lock('x'.repeat(200))
    await ops.registry.register('y'.repeat(200))
    await ops.events.emit('task:created', { id: 'z'.repeat(400) })
    const { page } = await openPage((await RunningDashboard.start(user)).link, { width, dark })
    await shows(page, '.lock', 'xxx')
    await shows(page, '#events-body tr', 'task:created')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
  })

  test('the page reports the end of the program', async () => {
    const dashboard = await RunningDashboard.start(new CliOpsUser())
    const { page } = await openPage(dashboard.link)
    await shows(page, '#link', 'Live')
    await dashboard.end()
    await shows(page, '#link', 'Connection lost')
  })
})
