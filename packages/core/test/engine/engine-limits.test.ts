import { expect, test } from 'vitest'

import { resolveEngineLimits } from '../../src/engine/engine-limits.js'

test.each([
  ['the defaults', {}, {}, { timeoutMs: 5000, leaseMs: 10_000 }],
  [
    'the environment',
    {},
    { CLI_OPS_ENGINE_TIMEOUT_MS: '700', CLI_OPS_LEASE_MS: '3000' },
    { timeoutMs: 700, leaseMs: 3000 },
  ],
  [
    'the options',
    { engineTimeoutMs: 50, leaseMs: 100 },
    { CLI_OPS_ENGINE_TIMEOUT_MS: '700', CLI_OPS_LEASE_MS: 'nonsense' },
    { timeoutMs: 50, leaseMs: 100 },
  ],
  [
    'the defaults where a variable is empty',
    {},
    { CLI_OPS_LEASE_MS: '' },
    { timeoutMs: 5000, leaseMs: 10_000 },
  ],
])('come from %s', (_what, options, env, limits) => {
  expect(resolveEngineLimits(options, env)).toEqual(limits)
})

test.each([
  [{ leaseMs: 99 }, {}, 'leaseMs must be an integer of at least 100, got 99'],
  [{ engineTimeoutMs: 0 }, {}, 'engineTimeoutMs must be an integer of at least 1, got 0'],
  [
    {},
    { CLI_OPS_LEASE_MS: '10s' },
    'CLI_OPS_LEASE_MS must be an integer of at least 100, got "10s"',
  ],
])('refuses %j with %j by name', (options, env, message) => {
  expect(() => resolveEngineLimits(options, env)).toThrow(message)
})
