import { describe, expect, test } from 'vitest'

import type { StoredEvent } from '../../src/events/contract/event-types.js'
import { lockTurns } from '../../src/ops/lock-turns.js'
import { waitedFor } from '../../src/ops/waited-for.js'

const BEGAN = Date.UTC(2026, 0, 1)
const party = { name: 'cli-ops', command: 'run deploy.sh', pid: 7, host: 'build-7', user: 'dev' }

let count = 0
function event(type: string, seconds: number, data: unknown): StoredEvent {
  count += 1
  return {
    specversion: '1.0',
    id: String(count),
    source: '/cli-ops/test/1',
    type,
    time: new Date(BEGAN + seconds * 1000).toISOString(),
    datacontenttype: 'application/json',
    data,
  }
}

function ended(seconds: number, lock: object, rest: object = {}, type = 'command:completed') {
  const command = { cli: 'cli-alpha', command: 'deploy', instance: 'i', exitCode: 0 }
  return event(type, seconds, { ...command, durationMs: 1, ...rest, lock })
}

function outcomes(...events: StoredEvent[]): (string | undefined)[] {
  return lockTurns(events).flatMap(({ outcome, code }) => [outcome, code])
}

describe('turns of locks', () => {
  test.each([
    ['completed', ended(1, { resource: 'db', id: 'a', heldMs: 5 }), 'released'],
    [
      'failed',
      ended(1, { resource: 'db', id: 'a' }, { exitCode: 1 }, 'command:failed'),
      'released',
    ],
    ['killed', ended(1, { resource: 'db' }, { exitCode: null }, 'command:failed'), 'killed'],
    ['skipped', ended(1, { resource: 'db', waitedMs: 0, code: 'LOCK_HELD' }), 'skipped'],
    ['joined well', ended(1, { resource: 'db', code: 'RUN_JOINED' }), 'joined'],
    [
      'joined',
      ended(
        1,
        { resource: 'db' },
        { exitCode: 3, error: { code: 'RUN_JOINED' } },
        'command:failed',
      ),
      'joined',
    ],
    [
      'skipped under cli-ops run',
      event('lock:refused', 1, { resource: 'db', owner: party, code: 'LOCK_HELD', skipped: true }),
      'skipped',
    ],
    [
      'superseded',
      ended(1, { resource: 'db' }, { error: { code: 'LOCK_SUPERSEDED' } }, 'command:failed'),
      'superseded',
    ],
    ['lost', event('lock:lost', 1, { resource: 'db', id: 'a', owner: party }), 'lost'],
  ])('of a command that was %s', (_how, told, outcome) => {
    expect(outcomes(told)[0]).toBe(outcome)
  })

  test('a refused turn says why', () => {
    const error = { name: 'CliOpsError', code: 'LOCK_TIMEOUT' }
    const told = ended(
      1,
      { resource: 'db', waitedMs: 9 },
      { exitCode: 75, error },
      'command:failed',
    )
    expect(outcomes(told)).toEqual(['refused', 'LOCK_TIMEOUT'])
  })

  test.each([
    [ended(1, { resource: 'db', id: 'a' }), { exitCode: 0 }],
    [ended(1, { resource: 'db', id: 'a' }, { exitCode: 3 }, 'command:failed'), { exitCode: 3 }],
    [
      ended(1, { resource: 'db' }, { exitCode: null, signal: 'SIGTERM' }, 'command:failed'),
      { signal: 'SIGTERM' },
    ],
    [event('lock:released', 1, { resource: 'db', owner: party, exitCode: 3 }), { exitCode: 3 }],
    [event('lock:lost', 1, { resource: 'db', owner: party, exitCode: 'no', signal: 9 }), {}],
  ])('says how the command of %o ended', (told, end) => {
    const [{ exitCode, signal } = {}] = lockTurns([told])
    expect({ exitCode, signal }).toEqual({ exitCode: undefined, signal: undefined, ...end })
  })

  test('a turn whose lock was taken ended then, whatever its holder reports later', () => {
    const by = { ...party, command: 'locks release' }
    const forced = { resource: 'db', id: 'a', owner: party, by, heldMs: 1000 }
    const released = { resource: 'db', id: 'a', owner: party, heldMs: 9000, waitedMs: 3 }
    const turns = lockTurns([event('lock:forced', 1, forced), event('lock:lost', 9, released)])
    expect(turns).toEqual([
      expect.objectContaining({ outcome: 'forced', heldMs: 1000, waitedMs: 3, by }),
    ])
    expect(turns[0]?.time.getTime()).toBe(BEGAN + 1000)
  })

  test('a killed holder is told once, with what it held, however often its death is noticed', () => {
    const killed = { resource: 'db', id: 'i-1', label: 'eu', owner: party, heldMs: 9000 }
    const turns = lockTurns([
      ended(1, { resource: 'db' }, { exitCode: null }, 'command:failed'),
      event('lock:killed', 2, killed),
      event('lock:killed', 3, { ...killed, heldMs: 10_000 }),
      ended(4, { resource: 'other' }, { exitCode: null }, 'command:failed'),
    ])
    expect(turns).toMatchObject([
      { resource: 'db', outcome: 'killed', id: 'i-1', label: 'eu', heldMs: 9000 },
      { resource: 'other', outcome: 'killed' },
    ])
  })

  test('a program whose descendants kept its lock was not killed', () => {
    const kept = { resource: 'db', id: 'i-1', owner: party, waitedMs: 3, exitCode: 2 }
    const killed = { resource: 'db', id: 'i-1', owner: party, heldMs: 9000 }
    expect(lockTurns([event('lock:kept', 1, kept)])).toEqual([])
    const turns = lockTurns([event('lock:kept', 1, kept), event('lock:killed', 9, killed)])
    expect(turns).toMatchObject([
      { outcome: 'released', waitedMs: 3, heldMs: 9000, atMost: true, exitCode: 2 },
    ])
  })

  test.each([
    null,
    7,
    { lock: 'db' },
    { cli: 'x', command: 'y', lock: { resource: 7 } },
    { cli: 7, command: 'y', lock: { resource: 'db' } },
  ])('leaves out what is not a turn: %j', (data) => {
    expect(lockTurns([event('command:completed', 1, data), event('lock:lost', 1, data)])).toEqual(
      [],
    )
  })
})

test('a wait counts for every holder during it', () => {
  const turns = lockTurns([
    ended(10, { resource: 'db', id: 'a', heldMs: 10_000 }),
    event('lock:released', 12, {
      resource: 'db',
      id: 'b',
      owner: party,
      waitedMs: 4000,
      heldMs: 2000,
    }),
    ended(13, { resource: 'db', id: 'c', waitedMs: 5000, heldMs: 1000 }),
    ended(13, { resource: 'other', id: 'd', waitedMs: 0, heldMs: 13_000 }),
  ])
  expect(waitedFor(turns)).toEqual([
    { holder: 'cli-alpha deploy', resource: 'db', waitedMs: 7000, waits: 2 },
    { holder: 'cli-ops run deploy.sh', resource: 'db', waitedMs: 2000, waits: 1 },
  ])
})
