import fc from 'fast-check'
import { expect, test } from 'vitest'

import { encodeFrame, FrameReader } from '../../../src/command/companion/frames.js'

const message = fc.record({
  kind: fc.string(),
  token: fc.bigInt(),
  // JSON would not keep dates and bigints.
  since: fc.date({ noInvalidDate: true }),
  text: fc.option(fc.string({ maxLength: 5_000 }), { nil: undefined }),
})

test('messages arrive as they were sent, whatever the pieces', () => {
  const property = fc.property(
    fc.array(message, { maxLength: 8 }),
    fc.array(fc.nat(), { maxLength: 40 }),
    (messages, cuts) => {
      const bytes = Buffer.concat(messages.map((each) => encodeFrame(each)))
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
        (one, other) => one - other,
      )
      const reader = new FrameReader()
      let start = 0
      const read = ends.flatMap((end) => {
        const piece = bytes.subarray(start, end)
        start = end
        return reader.read(piece)
      })
      expect(read).toEqual(messages)
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test('a message is read when its last byte has arrived, and not before', () => {
  const frame = encodeFrame({ kind: 'end' })
  const reader = new FrameReader()
  for (const byte of frame.subarray(0, -1)) expect(reader.read(Buffer.of(byte))).toEqual([])
  expect(reader.read(frame.subarray(-1))).toEqual([{ kind: 'end' }])
})
