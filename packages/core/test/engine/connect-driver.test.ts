import { expect, test } from 'vitest'

import { connectDriver, describeEngine } from '../../src/engine/connect-driver.js'
import { createDriverOptions } from '../../src/engine/driver-options.js'
import type { Driver, DriverOptions } from '../../src/drivers/driver.js'
import { createMemoryDriver } from '../../src/drivers/memory/memory-driver.js'

const URL_WITH_PASSWORD = new URL('redis://bob:secret@db.example:7000/2')

function optionsOf(timeoutMs = 5000): DriverOptions {
  return createDriverOptions(
    URL_WITH_PASSWORD,
    { home: '/nowhere', namespace: '' },
    { timeoutMs, leaseMs: 10_000 },
  )
}

/** A driver that opens as told, and counts. */
function stub(open: (signal: AbortSignal) => Promise<void>): {
  readonly create: () => Driver
  readonly closed: number
} {
  let closed = 0
  const close = (): Promise<void> => {
    closed += 1
    return Promise.resolve()
  }
  return {
    create: () => ({ name: 'stub', capabilities: createMemoryDriver().capabilities, open, close }),
    get closed() {
      return closed
    },
  }
}

test('a driver gets a URL without credentials, and requests those separately', () => {
  const { url, credentials } = optionsOf()
  expect(url.href).toBe('redis://db.example:7000/2')
  expect(credentials()).toEqual({ username: 'bob', password: 'secret' })
})

test('an engine’s name contains no secret of its URL', () => {
  expect(describeEngine(new URL(`${URL_WITH_PASSWORD.href}?token=secret#secret`))).toBe(
    'redis://db.example:7000/2',
  )
})

test('a driver is opened once and returned open', async () => {
  let opened = 0
  const driver = stub(() => {
    opened += 1
    return Promise.resolve()
  })
  expect((await connectDriver(driver.create, optionsOf())).name).toBe('stub')
  expect([opened, driver.closed]).toEqual([1, 0])
})

test('gives up on an engine that does not answer by the deadline', async () => {
  let given: AbortSignal | undefined
  const driver = stub((signal) => {
    given = signal
    return new Promise(() => undefined)
  })
  await expect(connectDriver(driver.create, optionsOf(20))).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message:
      'redis://db.example:7000/2 did not answer within 20 ms; check its host and port, and whether it uses TLS',
    retryable: true,
  })
  expect([given?.aborted, driver.closed]).toEqual([true, 1])
})

test('names an engine that refuses, and closes the driver', async () => {
  const driver = stub(() => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1:7000')))
  await expect(connectDriver(driver.create, optionsOf())).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'cannot use redis://db.example:7000/2: connect ECONNREFUSED 10.0.0.1:7000',
  })
  expect(driver.closed).toBe(1)
})
