import { describe, expect, test } from 'vitest'
import {
  parseClaimOwner,
  parseSharerName,
  parseStateName,
  parseTicketName,
} from '../../../../src/drivers/local/locks/lock-names.js'
import { formatIdentity, ownIdentity } from '../../../../src/base/process/process-identity.js'

const OWNER = formatIdentity(ownIdentity())
const ARRIVAL = '1'.padStart(20, '0')

// The names that the kit recognises decide who holds a lock and what a clean-up removes.
describe('the kit does not recognise names that it never writes', () => {
  test.each([
    ['free~', 'free~0', 'free~01', 'free~1~', 'free~-1', `free~${'9'.repeat(31)}`],
    ['shared~', 'shared~0', 'shared~1~', 'shared~1~a'],
    ['new', 'new~', 'new~a~b', 'new~~', 'new~a~~b'],
    ['held~1', 'held~1~a', `held~0~a~${OWNER}`, `held~1~~${OWNER}`, `held~1~a~${OWNER}~`],
    [`held~1~a b~${OWNER}`, `held~1~${'a'.repeat(65)}~${OWNER}`, 'held~1~a~p1', 'other~1', ''],
  ])('of a state: %s, …', (...names) => {
    for (const name of names) expect(parseStateName(name), name).toBeUndefined()
  })

  test('of a sharer', () => {
    for (const name of [
      'sharer',
      'sharer~a',
      `sharer~a~${OWNER}~`,
      `sharer~a/b~${OWNER}`,
      `a~b~${OWNER}`,
    ])
      expect(parseSharerName(name), name).toBeUndefined()
  })

  test('of a ticket', () => {
    for (const letters of ['', 'h', 'hx', 'xx', 'X', 'y'])
      expect(parseTicketName(`${ARRIVAL}~${letters}~a~${OWNER}`), letters).toBeUndefined()
    for (const arrival of ['', '1', `${ARRIVAL}0`, ARRIVAL.replace('1', 'a')])
      expect(parseTicketName(`${arrival}~x~a~${OWNER}`), arrival).toBeUndefined()
    expect(parseTicketName(`${ARRIVAL}~x~a~${OWNER}~`)).toBeUndefined()
  })

  test('of a prepared directory', () => {
    for (const name of ['put', 'put~a', 'put~a~p1', `put~a~${OWNER}~`])
      expect(parseClaimOwner(name), name).toBeUndefined()
  })
})

test.each([
  ['x', 'exclusive', false],
  ['xh', 'exclusive', true],
  ['s', 'shared', false],
  ['sh', 'shared', true],
] as const)('a ticket with %s waits to be %s, holding others: %s', (letters, mode, holdsOthers) => {
  expect(parseTicketName(`${ARRIVAL}~${letters}~a~${OWNER}`)).toMatchObject({ mode, holdsOthers })
})
