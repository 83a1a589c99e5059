import type { Coordinator } from '../coordinator/create-coordinator.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'
import { readRequestReport } from './request-report.js'

/** A report must be quick; a server slower than this is busy or stopped. */
const TIMEOUT_MS = 300
/** One screen shows no more than this. */
const MAX_SERVERS = 32

/** The requests of one running server. */
export interface ServerTraffic {
  readonly name: string
  readonly instance: string
  readonly pid: number
  /** Requests that have ended since it started. */
  readonly ended: number
  /** How many of them failed. */
  readonly failed: number
  readonly running: number
  /** Of the most recent requests, in milliseconds. */
  readonly medianMs?: number
}

/** Asks the running servers about their requests. Skips servers that run an older version or do not answer. */
export async function requestTraffic(
  coordinator: Coordinator,
  services: readonly ServiceInfo[],
): Promise<readonly ServerTraffic[]> {
  const servers = services.filter(
    ({ endpoint, state }) => endpoint !== undefined && state === 'live',
  )
  const asked = servers.slice(0, MAX_SERVERS).map((server) => ask(coordinator, server))
  return (await Promise.all(asked)).filter((traffic) => traffic !== undefined)
}

async function ask(
  coordinator: Coordinator,
  { name, instance, pid }: ServiceInfo,
): Promise<ServerTraffic | undefined> {
  const options = { instance, timeoutMs: TIMEOUT_MS }
  const answer: unknown = await coordinator
    .connect(name)
    .call('$/requests', {}, options)
    .catch(() => undefined)
  const report = readRequestReport(answer)
  if (report === undefined) return undefined
  const { ended, failed, running, recent } = report
  const times = recent.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const medianMs = times[Math.floor(times.length / 2)]
  return {
    name,
    instance,
    pid,
    ended,
    failed,
    running: running.length,
    ...(medianMs === undefined ? {} : { medianMs }),
  }
}
