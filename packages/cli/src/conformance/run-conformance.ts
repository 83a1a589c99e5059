import type { ServiceInfo } from '@cli-ops/shared-ipc'
import { assertName, type OpsContext, type OpsRun, parseDuration } from '@cli-ops/shared-ipc/ops'

import { tryReader, tryWriter } from './try-log-program.js'
import { tryServer } from './try-server.js'
import type { VectorResult } from './vector-result.js'

/** `conformance [name]`: 0 if all applicable vectors pass. */
export const runConformance: OpsRun = async (context) => {
  const { args, options, print } = context
  const timeoutMs = parseDuration('--timeout', options['timeout'])
  const [name] = args
  const reads = commandLine('--reads', options['reads'])
  const emits = commandLine('--emits', options['emits'])
  if (name === undefined && reads === undefined && emits === undefined)
    throw new TypeError('nothing to check: give a name, --reads or --emits')
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const count = async (results: AsyncIterable<VectorResult>): Promise<void> => {
    for await (const result of results) {
      totals[result.outcome] += 1
      if (options['json'] === true) print(result, '')
      else if (result.outcome !== 'passed')
        print(null, `${result.outcome}: ${result.vector}: ${result.reason ?? ''}`)
    }
  }
  if (name !== undefined) {
    const endpoint = await findEndpoint(context, name)
    await count(tryServer(endpoint, timeoutMs))
  }
  if (reads !== undefined) await count(tryReader(reads, timeoutMs))
  if (emits !== undefined) await count(tryWriter(emits, timeoutMs))
  const { passed, failed, skipped } = totals
  print(totals, `${passed} passed, ${failed} failed, ${skipped} skipped`)
  return failed === 0 ? 0 : 1
}

function commandLine(option: string, value: unknown): string | undefined {
  if (value !== undefined) assertName(option, value)
  return value
}

/** The vectors need a socket: requests through an engine are the engine's to test. */
async function findEndpoint(context: OpsContext, name: string): Promise<string> {
  const { coordinator, options } = context
  const services = await coordinator.registry.discover({ name })
  const wanted = services.filter(
    ({ instance, endpoint }) =>
      endpoint !== undefined && (options['instance'] ?? instance) === instance,
  )
  const [service] = wanted
  if (service?.endpoint === undefined)
    throw new TypeError(
      `name must be a running CLI that answers requests, got ${JSON.stringify(name)}`,
    )
  assertSocket(context, service)
  return service.endpoint
}

function assertSocket({ connection }: OpsContext, { name }: ServiceInfo): void {
  const url = connection.urlOf('rpc')
  if (url !== 'local:')
    throw new TypeError(
      `name must be a CLI that serves on a socket, got ${name}, which is on ${url}`,
    )
}
