import { expect, test } from 'vitest'

import { CliOpsError } from '../../src/base/errors/cli-ops-error.js'
import { EngineLink } from '../../src/driver-kit/engine-link.js'

test('a call survives another call’s failed attempt to connect', async () => {
  const attempts: { resolve: (client: string) => void; reject: (error: Error) => void }[] = []
  const link = new EngineLink<string>({
    timeoutMs: 60_000,
    open: () => new Promise((resolve, reject) => attempts.push({ resolve, reject })),
    end: () => undefined,
    toError: (reason) => new CliOpsError('ENGINE_UNAVAILABLE', String(reason)),
  })
  const first = link.call((client) => Promise.resolve(client))
  const others = Promise.all(
    [1, 2].map((n) => link.call((client) => Promise.resolve(`${client} ${n}`))),
  )
  attempts[0]?.reject(new Error('no answer'))
  await expect(first).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  const attempt = expect.poll(() => attempts.length).toBe(2)
  await Promise.race([attempt, others])
  attempts[1]?.resolve('connected')
  expect(await others).toEqual(['connected 1', 'connected 2'])
})
