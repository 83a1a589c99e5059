// Photographs the dashboard of a team of CLIs, on a desktop in both themes and on a phone: docs/guides/screens/dashboard-*.png.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'
import { root } from '../workspaces.mjs'

const CHROMIUM = [
  process.env['CHROMIUM_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

const SHOTS = /** @type {const} */ ([
  { name: 'dashboard-dark', colorScheme: 'dark', viewport: { width: 1100, height: 900 } },
  { name: 'dashboard-light', colorScheme: 'light', viewport: { width: 1100, height: 900 } },
  { name: 'dashboard-phone', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
])

/**
 * Takes the pictures, and returns the paths of their files.
 *
 * @param {import('./team.mjs').Team} team
 */
export async function drawDashboard(team) {
  const executablePath = CHROMIUM.find((path) => path !== '' && existsSync(path))
  if (executablePath === undefined)
    throw new Error('no Chromium is installed (apt-get install chromium, or set CHROMIUM_PATH)')
  const dashboard = spawn(team.cliOps, ['dashboard'], {
    env: team.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const [link] = await once(createInterface({ input: dashboard.stdout }), 'line')
    const paths = []
    mkdirSync(join(root, 'docs/guides/screens'), { recursive: true })
    for (const { name, ...options } of SHOTS) {
      const context = await browser.newContext(options)
      const page = await context.newPage()
      await page.goto(String(link))
      await page.getByText('release 4.3').first().waitFor()
      await page.waitForTimeout(3_000)
      const home = page.getByText(team.folder).first()
      await home.evaluate((element, folder) => {
        element.textContent = (element.textContent ?? '').replace(folder, '/home/dev')
      }, team.folder)
      const path = join(root, `docs/guides/screens/${name}.png`)
      await page.screenshot({ path, fullPage: options.viewport.width > 400 })
      paths.push(path)
      await context.close()
    }
    return paths
  } finally {
    await browser.close()
    const ended = once(dashboard, 'exit')
    dashboard.kill('SIGINT')
    await ended
  }
}
