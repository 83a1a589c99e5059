import { expect, test } from 'vitest'
import { readRequestReport } from '../../src/ops/request-report.js'

const ENDED = {
  number: 1,
  method: 'get',
  client: 1,
  endedMsAgo: 2,
  durationMs: 3,
  outcome: 'answered',
}

test('a report is read', () => {
  const report = {
    ended: 1,
    failed: 0,
    running: [{ method: 'build', client: 1, forMs: 5 }],
    recent: [ENDED],
  }
  expect(readRequestReport(report)).toEqual(report)
})

test.each([null, 5, 'x', [], {}, { ended: 1 }, { ended: -1, failed: 0, running: [], recent: [] }])(
  '%j is not a report',
  (value) => {
    expect(readRequestReport(value)).toBeUndefined()
  },
)

test('invalid entries are left out', () => {
  const recent = [
    ENDED,
    null,
    { ...ENDED, method: 5 },
    { ...ENDED, durationMs: -1 },
    { ...ENDED, durationMs: 'long' },
    { ...ENDED, outcome: '<b>' },
    { ...ENDED, number: 1.5 },
  ]
  const running = [
    { method: {}, forMs: 1 },
    { method: 'x', forMs: Number.NaN },
  ]
  expect(readRequestReport({ ended: 1, failed: 0, running, recent })).toEqual({
    ended: 1,
    failed: 0,
    running: [],
    recent: [ENDED],
  })
})
