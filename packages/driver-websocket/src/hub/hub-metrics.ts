import { monotonicMs } from '@cli-ops/shared-ipc/driver'

import { Counter, DurationHistogram } from './metric-values.js'
import { formatMetrics, type MetricFamily, type Sample } from './prometheus-text.js'

/** What a hub has at the moment. */
export interface HubGauges {
  readonly version: string
  readonly connections: number
  readonly maxConnections: number
  readonly sessions: number
  readonly maxSessions: number
  readonly locks: number
  readonly waiters: number
  readonly requests: number
  readonly isStoreReachable: boolean
  /** How long the store took to answer just now, or to be given up. */
  readonly storeSeconds: number
}

/** What has happened at a hub since it was started, and how it is: see `docs/reference/hub-protocol.md`. */
export class HubMetrics {
  readonly connections = new Counter()
  /** By the HTTP status of the refusal. */
  readonly refusals = new Counter('status', ['401', '403', '429', '503'])
  readonly sessionsResumed = new Counter()
  /** Sessions whose clients did not come back within the lease. */
  readonly sessionsExpired = new Counter()
  /** By method. */
  readonly requests = new Counter('method')
  /** By code. */
  readonly requestErrors = new Counter('code')
  /** Without those that may wait for others. */
  readonly requestSeconds = new DurationHistogram()
  readonly locksGranted = new Counter()
  /** `expired`: not renewed in time; `lost`: taken by force, or lost by the store. */
  readonly leasesLost = new Counter('cause', ['expired', 'lost'])
  readonly eventsStored = new Counter()
  readonly eventsDelivered = new Counter()
  readonly #startedAt = Date.now() / 1000

  /** Times an answer that waits for nobody. */
  async time(answer: Promise<unknown>): Promise<void> {
    const from = monotonicMs()
    await answer.catch(() => undefined)
    this.requestSeconds.observe((monotonicMs() - from) / 1000)
  }

  /** All of it as Prometheus reads it. */
  format(now: HubGauges): string {
    return formatMetrics([
      gauge('info', 'What runs.', [{ labels: { version: now.version }, value: 1 }]),
      gauge('start_time_seconds', 'When the hub was started, since the epoch.', this.#startedAt),
      gauge('connections', 'Clients that are connected.', now.connections),
      gauge('connections_limit', 'Clients that may be connected.', now.maxConnections),
      gauge('sessions', 'Sessions, including those of disconnected clients.', now.sessions),
      gauge('sessions_limit', 'Sessions that may be open.', now.maxSessions),
      gauge('locks_held', 'Locks that clients hold.', now.locks),
      gauge('lock_waiters', 'Clients that wait for a lock.', now.waiters),
      gauge('requests_in_flight', 'Requests that are not answered yet.', now.requests),
      gauge('store_up', 'Whether the store answers.', now.isStoreReachable ? 1 : 0),
      gauge(
        'store_latency_seconds',
        'How long the store took to answer just now.',
        now.storeSeconds,
      ),
      counter('connections_opened_total', 'Connections that were accepted.', this.connections),
      counter('connections_refused_total', 'Connections that were refused.', this.refusals),
      counter('sessions_resumed_total', 'Sessions that went on after a cut.', this.sessionsResumed),
      counter('sessions_expired_total', 'Sessions that no client resumed.', this.sessionsExpired),
      counter('requests_total', 'Requests of clients.', this.requests),
      counter(
        'request_errors_total',
        'Requests that were answered with an error.',
        this.requestErrors,
      ),
      {
        name: fullName('request_duration_seconds'),
        help: 'Time to answer, without requests that wait for others.',
        type: 'histogram',
        samples: this.requestSeconds.samples(),
      },
      counter('locks_granted_total', 'Locks that were granted.', this.locksGranted),
      counter('leases_lost_total', 'Locks that ended before they were released.', this.leasesLost),
      counter('events_stored_total', 'Events that clients emitted.', this.eventsStored),
      counter('events_delivered_total', 'Events that were sent to clients.', this.eventsDelivered),
    ])
  }
}

function gauge(name: string, help: string, value: number | readonly Sample[]): MetricFamily {
  const samples = typeof value === 'number' ? [{ value }] : value
  return { name: fullName(name), help, type: 'gauge', samples }
}

function counter(name: string, help: string, value: Counter): MetricFamily {
  return { name: fullName(name), help, type: 'counter', samples: value.samples() }
}

function fullName(name: string): string {
  return `cli_ops_hub_${name}`
}
