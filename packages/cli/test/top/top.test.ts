import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/live/live-types.js'
import { widthOf } from '@cli-ops/shared-ipc/ops'
import { BIN, CliOpsUser } from '../fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from '../fixtures/pseudo-terminal.js'
import { startTeamProcess } from '../fixtures/team-process.js'

const ESCAPE = '\u001b'
const DOWN = '\u001b[B'
const TERM = 15

function topOf(user: CliOpsUser, size: { columns?: number; rows?: number } = {}): PseudoTerminal {
  return new PseudoTerminal([process.execPath, BIN, 'top'], user.env, size)
}

/** Returns the holder's column on a screen whose wide characters take two columns. */
function columnOf(line: string): number {
  return widthOf(line.slice(0, line.indexOf('observer')))
}

if (noPseudoTerminal !== undefined) console.warn(`top is not tried: ${noPseudoTerminal}`)

describe.skipIf(noPseudoTerminal !== undefined)('on a terminal', () => {
  test('an empty home says so in each table, and q restores the terminal', async () => {
    const top = topOf(new CliOpsUser())
    await top.shows('No lock is held or waited for.')
    expect(top.isAlternate).toBe(true)
    top.keys('2')
    await top.shows('No CLI is running.')
    top.keys('\t')
    await top.shows('No event is kept.')
    top.keys('4')
    await top.shows('No recent commands.')
    top.keys('\t')
    await top.shows('No recent requests.')
    top.keys('\t')
    await top.shows('No lock is held or waited for.')
    top.keys('q')
    expect(await top.ended).toBe(0)
    expect(top.isAlternate).toBe(false)
    expect(top.hasLineWrap).toBe(true)
    expect(top.raw).toContain('\u001b[?25h')
    expect(top.screen.trim()).toBe('')
  })

  test('locks come and go with their queues, and one can be inspected', async () => {
    const user = new CliOpsUser()
    const top = topOf(user)
    await top.shows('No lock is held or waited for.')
    const holder = startTeamProcess(user.env, 'cli-alpha', 'deploy', '--lock', 'production')
    await top.shows(/^production +cli-alpha deploy .* running/mu)
    const shared = ['--lock', 'production', '--shared']
    const waiter = startTeamProcess(user.env, 'cli-beta', 'sync', ...shared)
    await top.shows('1 held, 1 waiting')
    top.keys('\r')
    await top.shows(/QUEUE, NEXT FIRST\n +1\. +\d.*cli-beta sync \(pid .*\), to share/u)
    expect(top.screen).toMatch(/holder +cli-alpha deploy \(pid \d+, /u)
    await holder.end()
    await top.shows(/holder +cli-beta sync/u)
    await top.shows(/HELD BEFORE\n.*cli-alpha deploy(?!.*dead)/u)
    expect(top.screen).toContain('NO WAITERS')
    await waiter.end()
    await top.shows('No process holds it or waits for it.')
    top.keys(ESCAPE)
    await top.shows('No lock is held or waited for.')
  })

  test('a line as wide as the terminal keeps its last character', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator().locks.lock('x'.repeat(80))
    const env = { ...user.env, NO_COLOR: '1' }
    const top = new PseudoTerminal(['cli-ops', 'top'], env, { columns: 60 })
    await top.shows(/ STATE/u)
    expect(top.screen).toMatch(/ running$/mu)
    // Behind such a line the cursor is still on that character, and xterm and tmux would erase it.
    expect(top.raw).not.toContain('running\u001b[0m\u001b[K')
    top.keys('q')
    await top.ended
    await lock.release()
  })

  test('a suspended holder is a warning, and its lock is released after confirmation', async () => {
    const user = new CliOpsUser()
    const holder = startTeamProcess(user.env, 'cli-alpha', 'deploy', '--lock', 'production')
    await holder.begun
    holder.child.kill('SIGSTOP')
    const top = topOf(user)
    await top.shows('! "production" is held by cli-alpha deploy')
    expect(top.screen).toContain('stopped')
    top.keys('r')
    await top.shows('Release “production” from cli-alpha deploy')
    // Return may have been meant for something else.
    top.keys('\r')
    await top.shows('Not released.')
    expect(await user.coordinator().locks.isLocked('production')).toBe(true)
    top.keys('r')
    await top.shows('[y/N]')
    top.keys('y')
    await top.shows('Released “production”.')
    await top.shows('No lock is held or waited for.')
  })

  test('releasing one holder’s lock never affects the next holder', async () => {
    const user = new CliOpsUser()
    const holder = startTeamProcess(user.env, 'cli-alpha', 'deploy', '--lock', 'production')
    await holder.begun
    const next = startTeamProcess(user.env, 'cli-beta', 'sync', '--lock', 'production')
    const top = topOf(user)
    await top.shows('1 held, 1 waiting')
    top.keys('r')
    await top.shows('from cli-alpha deploy')
    await holder.end()
    await next.begun
    await top.shows(/^production +cli-beta sync/mu)
    top.keys('y')
    await top.shows('that holder no longer has “production”')
    const { owner } = (await user.coordinator().locks.inspect('production'))!
    expect(owner.name).toBe('cli-beta')
  })

  test('events, commands and requests are shown as they happen', async () => {
    const user = new CliOpsUser()
    const top = topOf(user, { columns: 140 })
    await top.shows('No lock')
    const server = startTeamProcess(user.env, 'cli-api', 'serve', '--serve')
    await server.begun
    const client = user.coordinator().connect('cli-api')
    await client.call('get-status', undefined, { waitMs: 10_000 })
    await client.call('bad-request').catch(() => undefined)
    const pending = client.call('build', 600_000, { timeoutMs: 600_000 }).catch(() => undefined)
    top.keys('5')
    await top.shows(/cli-api +\d+ +get-status .* answered/u)
    await top.shows(/bad-request .* failed/u)
    await top.shows(/^- .* build .* running/mu)
    top.keys('4')
    await top.shows(/cli-api +serve .* running/u)
    await user.coordinator().events.emit('task:created', { id: 't-1', title: 'Write' })
    top.keys('3')
    await top.shows(/task:created +\{"id":"t-1","title":"Write"\}/u)
    await server.end('SIGKILL')
    await pending
    top.keys('4')
    await top.shows(/cli-api +serve .* killed/u)
  })

  test('rows can be moved over, filtered, sorted and paused', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    for (const resource of ['alpha', 'beta', 'gamma']) await ops.locks.lock(resource)
    const top = topOf(user)
    await top.shows('gamma')
    const order = (): string =>
      top.lines.flatMap((line) => /^(alpha|beta|gamma) /u.exec(line)?.[1] ?? []).join()
    expect(order()).toBe('alpha,beta,gamma')
    top.keys('<'.repeat(20))
    await top.shows('RESOURCE▲')
    top.keys('I')
    await top.shows(() => order() === 'gamma,beta,alpha')
    // The same row stays selected: the first before, and the last now.
    top.keys(`j${DOWN}\r`)
    await top.shows(/^alpha$/mu)
    top.keys(ESCAPE)
    await top.shows(() => order() === 'gamma,beta,alpha')
    top.keys('/BET')
    await top.shows('/BET')
    top.keys('\r')
    await top.shows(() => order() === 'beta')
    top.keys('/zzz\r')
    await top.shows('None of 3 matches the filter')
    top.keys(ESCAPE)
    await top.shows(() => order() === 'gamma,beta,alpha')
    top.keys(' ')
    await top.shows('PAUSED')
    await ops.locks.lock('delta')
    top.keys(' ')
    await top.shows(/^delta /mu)
    expect(top.screen).not.toContain('PAUSED')
    top.keys('?')
    await top.shows('any other key: back')
    top.keys('x')
    await top.shows(/^delta /mu)
  })

  test.each([
    ['Ctrl-C', (top: PseudoTerminal) => top.keys('\u0003'), 130],
    ['SIGTERM', (top: PseudoTerminal) => top.signal(TERM), 143],
    ['SIGINT', (top: PseudoTerminal) => top.signal(2), 130],
  ])('%s restores the terminal', async (_name, end, status) => {
    const top = topOf(new CliOpsUser())
    await top.shows('No lock')
    end(top)
    expect(await top.ended).toBe(status)
    expect(top.isAlternate).toBe(false)
    expect(top.screen.trim()).toBe('')
  })

  test('a terminal that goes away ends it', async () => {
    const top = topOf(new CliOpsUser())
    await top.shows('No lock')
    top.hangUp()
    expect(await top.ended).toBe(129)
  })

  test('a crash leaves its message on the restored screen', async () => {
    const user = new CliOpsUser()
    const crash = "process.on('SIGUSR2', () => { throw new Error('a crash') })"
    const script = join(user.directory, 'crash.mjs')
    writeFileSync(script, crash)
    const top = new PseudoTerminal([process.execPath, '--import', script, BIN, 'top'], user.env)
    await top.shows('No lock')
    top.signal(12)
    expect(await top.ended).toBe(1)
    expect(top.isAlternate).toBe(false)
    expect(top.screen).toContain('Error: a crash')
  })

  test('the shell suspends and resumes it', async () => {
    const user = new CliOpsUser()
    const shell = new PseudoTerminal(['bash', '--norc', '-i'], user.env)
    shell.keys("PS1='[$?]> '\r")
    await shell.shows('[0]> ')
    shell.keys('cli-ops top\r')
    await shell.shows('No lock')
    shell.keys('\u001a')
    await shell.shows((terminal) => !terminal.isAlternate && terminal.screen.includes('Stopped'))
    // The terminal is as it was: typing is echoed, and lines can be edited.
    shell.keys('echo $((40 + 2))\r')
    await shell.shows(/^42$/mu)
    shell.keys('fg\r')
    await shell.shows((terminal) => terminal.isAlternate && terminal.screen.includes('No lock'))
    shell.keys('q')
    await shell.shows(
      (terminal) => !terminal.isAlternate && /\[0\]> $/u.test(terminal.screen.trimEnd() + ' '),
    )
    shell.keys('exit\r')
    expect(await shell.ended).toBe(0)
  })

  test('it fits every size', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    await ops.locks.lock('a-resource-with-quite-a-long-name-that-nobody-would-type-twice')
    const top = topOf(user)
    await top.shows('a-resource-with-quite-a-long')
    top.resize(40, 12)
    await top.shows((terminal) => /a-resource-\S*…/u.test(terminal.screen))
    expect(top.lines[11]).toContain('? help')
    expect(top.lines[11]).toContain('q quit')
    top.resize(60, 12)
    await top.shows('Enter queue   r release   q quit')
    top.keys('?')
    await top.shows('page, first, last')
    expect(top.screen).not.toContain('without the lock')
    top.keys('\u001b[B'.repeat(10))
    await top.shows('without the lock')
    expect(top.lines[11]).toContain('any other key: back')
    top.keys('x')
    for (const [columns, rows] of [
      [20, 6],
      [3, 2],
      [1, 1],
    ] as const) {
      top.resize(columns, rows)
      await top.shows((terminal) => terminal.screen.trim() !== '')
    }
    top.resize(170, 30)
    await top.shows('twice')
    expect(top.lines[29]).toContain('q quit')
    top.keys('q')
    expect(await top.ended).toBe(0)
  })

  test('hostile data and wide names stay in their columns', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    await ops.locks.lock('データベース🔒')
    await ops.locks.lock('plain')
    await ops.events.emit('task:created', { id: '\u009b31m\u202ered\n\u001b[2Jlines' })
    const top = topOf(user)
    await top.shows('データベース🔒')
    const columns = top.lines.flatMap((line) => (line.includes('observer') ? line.trimEnd() : []))
    expect(columns).toHaveLength(2)
    expect(columns.map(columnOf)).toEqual([columnOf(columns[0]!), columnOf(columns[0]!)])
    top.keys('3')
    await top.shows(String.raw`{"id":"?31m?red\n\u001b[2Jlines"}`)
    expect(Buffer.from(top.raw, 'latin1').toString()).not.toMatch(/[\u009b\u202e]/u)
  })

  test('NO_COLOR is honoured', async () => {
    const user = new CliOpsUser()
    await user.coordinator().locks.lock('alpha')
    await user.coordinator().locks.lock('beta')
    // eslint-disable-next-line no-control-regex
    const colour = /\u001b\[(?:3|4|9|10)[0-9](?:;[0-9;]*)?m/u
    const coloured = topOf(user)
    await coloured.shows('beta')
    expect(coloured.raw).toMatch(colour)
    const plain = topOf(Object.assign(user, { env: { ...user.env, NO_COLOR: '1' } }))
    await plain.shows('beta')
    expect(plain.raw).not.toMatch(colour)
  })

  test('an unusable home is named, and shown once it is usable', async () => {
    const user = new CliOpsUser()
    mkdirSync(user.home, { mode: 0o755 })
    const top = topOf(user, { columns: 160 })
    await top.shows('! refusing to use')
    expect(top.screen).toContain('chmod 700')
    chmodSync(user.home, 0o700)
    await user.coordinator().locks.lock('alpha')
    await top.shows(
      (terminal) => terminal.screen.includes('alpha') && !terminal.screen.includes('refusing'),
    )
  })
})

describe('in a pipe', () => {
  test('prints one look as text and as JSON, and creates nothing', async () => {
    const user = new CliOpsUser()
    const empty = await user.run('top')
    expect(empty).toMatchObject({ status: 0, stderr: '' })
    expect(empty.stdout).toContain('No lock is held or waited for.')
    expect(existsSync(user.home)).toBe(false)

    const ops = user.coordinator('cli-alpha')
    await ops.locks.lock('production')
    await ops.events.emit('task:created', { id: 't-1' })
    const { stdout } = await user.run('top', '--once')
    expect(stdout).toMatch(/^production +cli-alpha /mu)
    expect(stdout).not.toContain('\u001b')
    const snapshot = await user.json<Snapshot>('top')
    expect(snapshot.locks).toMatchObject([{ resource: 'production', owner: { name: 'cli-alpha' } }])
    expect(snapshot.events).toMatchObject([{ type: 'task:created', data: '{"id":"t-1"}' }])
    expect(snapshot.problems).toEqual([])
  })

  test.each(['top', 'dashboard'])(
    '%s says in one line that a variable is wrong',
    async (command) => {
      const user = new CliOpsUser({ CLI_OPS_HOME: 'not/absolute' })
      const { status, stdout, stderr } = await user.run(command)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(
        /^cli-ops: CLI_OPS_HOME must be an absolute path, got "not\/absolute"\n$/u,
      )
    },
  )

  test('an unusable home is exit code 1', async () => {
    const user = new CliOpsUser()
    writeFileSync(user.home, '')
    const { status, stdout } = await user.run('top')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^! cannot use .* it is not a directory/mu)
  })
})
