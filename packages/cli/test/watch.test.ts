import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from './fixtures/pseudo-terminal.js'
import { startTeamProcess } from './fixtures/team-process.js'

const LOOKS = [
  ['status', /cli-alpha deploy \(pid/u, /No lock is held or waited for/u],
  ['locks', /cli-alpha deploy \(pid/u, /No lock is held or waited for/u],
  ['why production', /held by +cli-alpha deploy/u, /"production" is free/u],
  ['ps', /cli-alpha/u, /No CLI is running/u],
] as const

describe.skipIf(noPseudoTerminal !== undefined)('--watch on a terminal', () => {
  test.each(LOOKS)('%s shows what changes in place, until Ctrl-C', async (look, busy, free) => {
    const user = new CliOpsUser()
    const shell = ['sh', '-c', `echo 'said before'; exec cli-ops ${look} --watch`]
    const terminal = new PseudoTerminal(shell, user.env)
    await terminal.shows(free)
    const holder = startTeamProcess(user.env, 'cli-alpha', 'deploy', '--lock', 'production')
    await terminal.shows(busy)
    expect(terminal.screen).not.toMatch(free)
    expect(terminal.screen).toContain('said before')
    expect(terminal.isAlternate).toBe(false)
    await holder.end()
    await terminal.shows(free)
    expect(terminal.screen).not.toMatch(busy)
    terminal.keys('\u0003')
    expect(await terminal.ended).toBe(130)
  })

  test('a list longer than the screen is cut, not scrolled', async () => {
    const user = new CliOpsUser()
    const { locks } = user.coordinator()
    const held = await Promise.all(
      Array.from({ length: 10 }, (_, index) => locks.lock(`lock-${index}`)),
    )
    const size = { columns: 40, rows: 20 }
    const terminal = new PseudoTerminal(['cli-ops', 'locks', '--watch'], user.env, size)
    await terminal.shows(/… \d+ more lines/u)
    const before = terminal.screen
    expect(before).toContain('lock-0')
    await Promise.all(held.slice(1).map((lock) => lock.release()))
    await terminal.shows((view) => !view.screen.includes('more lines'))
    expect(terminal.screen.match(/lock-0/gu)).toHaveLength(1)
    terminal.keys('\u0003')
    expect(await terminal.ended).toBe(130)
  })

  test('a wrong name ends it at once', async () => {
    const terminal = new PseudoTerminal(['cli-ops', 'why', '', '--watch'], new CliOpsUser().env)
    await terminal.shows('resource must')
    expect(await terminal.ended).toBe(2)
  })
})

test.each([...LOOKS])('%s --watch looks once in a pipe', async (look, _busy, free) => {
  const user = new CliOpsUser()
  const { status, stdout } = await user.run(...look.split(' '), '--watch')
  expect(status).toBe(0)
  expect(stdout).toMatch(free)
  expect(stdout).not.toContain('\u001b')
})
