import { expect, test } from 'vitest'

import { describeEngine } from '../../src/engine/connect-driver.js'
import { createDriverOptions } from '../../src/engine/driver-options.js'
import { parseEngineUrl } from '../../src/engine/parse-engine-url.js'

test.each([
  ['redis://one:1,two:2,three/3', 'redis://one:1,two:2,three/3'],
  ['redis+sentinel://me:secret@[::1]:26379,b/main/0', 'redis+sentinel://[::1]:26379,b/main/0'],
  ['redis://one/?host=two:2', 'redis://one,two:2/'],
  ['redis://one:1', 'redis://one:1'],
])('keeps several hosts of %s, and shows them without secrets', (text, shown) => {
  const url = parseEngineUrl(text)
  expect(url && describeEngine(url)).toBe(shown)
})

// The URL standard takes the host of the last ones for a scheme; a suggestion for that "scheme" would mislead.
test.each([
  ...['redis://one,two:x/0', 'redis://one:1,,', '', 'one,two'],
  ...['localhost:6379', '10.0.0.7:6379/0', 'redis.example.com:6379'],
])('%s is not a URL', (text) => {
  expect(parseEngineUrl(text)).toBeUndefined()
})

test('refuses an unencoded password before connecting', () => {
  const url = parseEngineUrl('redis://:100%@host')
  const place = { home: '/nowhere', namespace: '' }
  const limits = { timeoutMs: 1, leaseMs: 1 }
  expect(() => createDriverOptions(url!, place, limits)).toThrow(
    /percent-encoded: write "%" as %25/,
  )
})
