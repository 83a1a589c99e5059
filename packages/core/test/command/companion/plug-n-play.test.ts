import { expect, test } from 'vitest'

import { plugNPlayOptions } from '../../../src/command/companion/plug-n-play.js'

const YARN = '--require /app/.pnp.cjs --experimental-loader file:///app/.pnp.loader.mjs'

test.each([
  [undefined, undefined],
  ['--require ./trace.cjs --inspect-brk=0', undefined],
  [YARN, YARN],
  [`--max-old-space-size=200 ${YARN} --import=./trace.mjs`, YARN],
  ['--require "/my app/.pnp.cjs" --require "/my app/trace.cjs"', '--require "/my app/.pnp.cjs"'],
])('%s: %s', (options, kept) => {
  expect(plugNPlayOptions(options)).toBe(kept)
})
