// A corpus of valid messages and mutations of them: the same streams on every run.
import fc from 'fast-check'

const CORPUS = [
  '{"jsonrpc":"2.0","id":1,"method":"echo","params":[1,{"a":"b"}]}',
  '{"jsonrpc":"2.0","id":"x","method":"count","params":3}',
  '[{"jsonrpc":"2.0","id":1,"method":"echo"},{"jsonrpc":"2.0","method":"echo"},5]',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  '{"jsonrpc":"2.0","id":2,"method":"$/ping","__proto__":{"polluted":1}}',
  '{"jsonrpc":"2.0","id":3,"method":"request","params":{"constructor":{"prototype":{"polluted":1}}}}',
  '{"jsonrpc":"2.0","id":4,"method":"echo","timeoutMs":5,"traceparent":"00-a-b-01"}',
  '{"jsonrpc":"2.0","id":5,"method":"fail"}',
  '{"jsonrpc":"2.0","id":9,"result":1}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"x"}}',
]
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  'null',
  'true',
  '-',
  '0',
  '1e999',
  '-0',
  '1e-999',
  '"\\u0000"',
  '"\\ud800"',
  '\\',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  'é',
  '\u2028',
  '\ufeff',
  '{"__proto__":{"polluted":1}}',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"$/closing"',
  '"id":1',
  '"id":{}',
  '"method":7',
  'Content-Length: 5',
  'Content-Length: -1',
  'Content-Length: 9e9',
  '['.repeat(500),
  '9'.repeat(400),
  '"'.repeat(50),
]

const damage = fc.record({
  place: fc.nat(),
  removed: fc.nat({ max: 3 }),
  token: fc.constantFrom(...TOKENS),
})
const frame = fc.record({
  message: fc.constantFrom(...CORPUS),
  damages: fc.array(damage, { maxLength: 4 }),
  ending: fc.constantFrom('\n', '\n', '\n', '\r\n', '', '\n\n'),
})
const FRAMES = 250
const stream = fc.record({
  framed: fc.boolean(),
  lies: fc.integer({ min: 0, max: FRAMES * 2 }),
  frames: fc.array(frame, { minLength: FRAMES, maxLength: FRAMES, size: 'max' }),
})

function damaged({ message, damages }) {
  let text = message
  for (const { place, removed, token } of damages) {
    const at = place % (text.length + 1)
    text = text.slice(0, at) + token + text.slice(at + removed)
  }
  return text
}

function toBytes({ framed, lies, frames }) {
  const parts = frames.map((part, index) => {
    const text = damaged(part)
    if (!framed) return text + part.ending
    const length = Buffer.byteLength(text) + (index === lies ? 1 : 0)
    return `Content-Length: ${length}\r\n\r\n${text}`
  })
  return Buffer.from(parts.join(''))
}

/** Yields streams of at least that many frames in total. */
export function* hostileStreams(frames, seed = 42) {
  let sent = 0
  for (let batch = 0; sent < frames; batch += 1) {
    for (const sample of fc.sample(stream, { seed: seed + batch, numRuns: 20 })) {
      if (sent >= frames) return
      sent += FRAMES
      yield { bytes: toBytes(sample), frames: FRAMES }
    }
  }
}
