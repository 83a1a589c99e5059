import { describe, expect, test } from 'vitest'
import { FrameDecoder } from '../../../../src/drivers/local/rpc/frame-decoder.js'

function decode(chunks: readonly (string | Buffer)[], maxBytes = 100): unknown[] {
  const decoder = new FrameDecoder(maxBytes)
  const frames: unknown[] = []
  for (const chunk of chunks) {
    decoder.push(Buffer.from(chunk as string))
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      frames.push(typeof frame === 'string' ? frame : frame.broken)
    }
  }
  return frames
}

function framed(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

describe('lines', () => {
  test.each([
    ['several in one piece', ['{"a":1}\n[2]\n'], ['{"a":1}', '[2]']],
    ['one in pieces', ['{"a"', ':', '1}', '\n'], ['{"a":1}']],
    [
      'a character cut in two',
      [Buffer.from([0x22, 0xc3]), Buffer.from([0xa4, 0x22, 0x0a])],
      ['"ä"'],
    ],
    ['blank lines, also of \\r\\n', ['\n\r\n  \n{}\r\n\n'], ['{}\r']],
    ['one that is too large, then a good one', ['x'.repeat(101) + '\n{}\n'], ['too-large', '{}']],
    ['one too large in pieces', ['x'.repeat(60), 'x'.repeat(60), 'x\n{}\n'], ['too-large', '{}']],
    ['exactly the limit', ['x'.repeat(100) + '\n'], ['x'.repeat(100)]],
    ['the limit in pieces', ['x'.repeat(99), 'x', '\n'], ['x'.repeat(100)]],
    [
      'what merely begins like a header later',
      ['{}\nContent-Length: 2\r\n'],
      ['{}', 'Content-Length: 2\r'],
    ],
  ])('%s', (_name, chunks, frames) => {
    expect(decode(chunks)).toEqual(frames)
  })

  test('from a peer that never ends its line are not kept', () => {
    const decoder = new FrameDecoder(1024 * 1024)
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const before = process.memoryUsage()
    let broken = 0
    for (let mebibytes = 0; mebibytes < 512; mebibytes += 1) {
      for (let part = 0; part < 16; part += 1) {
        decoder.push(chunk)
        if (decoder.next() !== undefined) broken += 1
      }
    }
    const after = process.memoryUsage()
    expect(broken).toBe(1)
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 * 1024 * 1024)
  })
})

describe('content-length', () => {
  test.each([
    ['several in one piece', [framed('{"a":1}') + framed('[2]')], ['{"a":1}', '[2]']],
    ['byte by byte', Array.from(framed('{"ä":1}')), ['{"ä":1}']],
    [
      'further headers in any order and case',
      ['Content-Type: x\r\ncontent-length:2\r\n\r\n{}'],
      ['{}'],
    ],
    ['after white space', ['\r\n ' + framed('{}')], ['{}']],
    ['a newline in the body', [framed('{\n}')], ['{\n}']],
    ['without a number', ['Content-Length: two\r\n\r\n{}'], ['bad-frame']],
    ['of zero', ['Content-Length: 0\r\n\r\n{}'], ['bad-frame']],
    ['negative', ['Content-Length: -2\r\n\r\n{}'], ['bad-frame']],
    ['a header without a length', ['Content-Type: x\r\n\r\n{}'], ['bad-frame']],
    ['an endless header', ['C' + 'x'.repeat(2000)], ['bad-frame']],
    ['an endless header in pieces', Array.from({ length: 300 }, () => 'Cxxxxxxx'), ['bad-frame']],
    ['two gigabytes', ['Content-Length: 2147483648\r\n\r\n' + 'x'.repeat(90), 'x'], ['too-large']],
    ['one byte too large', ['Content-Length: 101\r\n\r\n'], ['too-large']],
    ['exactly the limit', [framed('x'.repeat(100))], ['x'.repeat(100)]],
  ])('%s', (_name, chunks, frames) => {
    expect(decode(chunks)).toEqual(frames)
  })
})

test('decodes the same frames however the bytes are cut', () => {
  const bodies = ['{"a":1}', '"ü€😀"', '[1,2,3]', 'no json', '{}']
  const streams = [bodies.map((body) => `${body}\n`).join(''), bodies.map(framed).join('')].map(
    (text) => Buffer.from(text),
  )
  for (const stream of streams) {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = seeded(seed)
      const chunks: Buffer[] = []
      for (let start = 0; start < stream.length;) {
        const end = start + 1 + Math.floor(random() * 12)
        chunks.push(stream.subarray(start, end))
        start = end
      }
      expect(decode(chunks)).toEqual(bodies)
    }
  }
})

test('decodes the same large frames however the bytes are cut, even within characters', () => {
  const bodies = [
    `"${'äöü€😀'.repeat(9_000)}"`,
    `"${'x'.repeat(70_001)}"`,
    '{}',
    `"${'\u00e9x'.repeat(30_000)}"`,
  ]
  const limit = 200_000
  const lines = Buffer.from(bodies.map((body) => `${body}\n`).join(''))
  const headers = Buffer.from(bodies.map(framed).join(''))
  for (const stream of [lines, headers])
    for (const sizes of [[65_536], [16_384], [16_383], [1], [20_001, 3], [7, 40_000, 1]])
      expect(decode(cut(stream, sizes), limit)).toEqual(bodies)
})

test('survives 20,000 streams of random bytes without holding more than the limit', () => {
  const alphabet = [
    '{',
    '}',
    '[',
    '\n',
    '\r\n\r\n',
    'Content-Length: ',
    '3',
    '99',
    '"',
    'x',
    '\0',
    'é',
  ]
  const random = seeded(42)
  let frames = 0
  for (let round = 0; round < 20_000; round += 1) {
    const decoder = new FrameDecoder(64)
    for (let part = 0; part < 8; part += 1) {
      const pieces = Array.from(
        { length: 6 },
        () => alphabet[Math.floor(random() * alphabet.length)],
      )
      decoder.push(Buffer.from(pieces.join('')))
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        frames += 1
        if (typeof frame === 'string') expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(64 * 3)
      }
    }
  }
  expect(frames).toBeGreaterThan(10_000)
})

/** mulberry32: the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Cuts a stream into pieces of these sizes, repeatedly. */
function cut(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < stream.length; at += chunks.at(-1)!.length)
    chunks.push(stream.subarray(at, at + sizes[chunks.length % sizes.length]!))
  return chunks
}
