import { expect, test } from 'vitest'

import { createTestCoordinator } from '../../src/testing/create-test-coordinator.js'

test('a request for a misspelt method is told which one was meant', async () => {
  await using ops = createTestCoordinator()
  ops.serve().handle('status', () => 1)
  const client = ops.connect('test')
  await expect(client.call('stats', {}, { waitMs: 10_000 })).rejects.toThrow(
    'there is no method "stats"; did you mean "status"?',
  )
  await expect(client.call('weather')).rejects.toThrow(/there is no method "weather"$/u)
})
