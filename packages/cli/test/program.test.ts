import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'

test('--version is the version of the package', async () => {
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  expect(await new CliOpsUser().run('--version')).toMatchObject({
    status: 0,
    stdout: `${manifest.version}\n`,
    stderr: '',
  })
})

test('it has the commands that every plugin mounts, and remedies name this program', async () => {
  const { stdout } = await new CliOpsUser().run('--help')
  for (const command of ['status', 'locks', 'events', 'ps', 'clean', 'doctor']) {
    expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  }
  const release = await new CliOpsUser().run('locks', 'release', 'db', '--id', 'x')
  expect(release.status).toBe(1)
  expect(release.stdout).toContain('see "cli-ops locks"')
})
