import { monotonicMs } from '@cli-ops/shared-ipc/driver'

import { Counter, DurationHistogram } from './metric-values.js'
import { formatMetrics, type MetricFamily, type Sample } from './prometheus-text.js'

/** A hub's current state. */
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
  /** How long the store took to answer just now, or until the hub gave up. */
  readonly storeSeconds: number
}

/** What has happened at a hub since its start, and its current state: see `docs/reference/hub-protocol.md`. */
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
  /** Except requests that can wait for others. */
  readonly requestSeconds = new DurationHistogram()
  readonly locksGranted = new Counter()
  /** `expired`: not renewed in time; `lost`: taken by force, or lost by the store. */
  readonly leasesLost = new Counter('cause', ['expired', 'lost'])
  readonly eventsStored = new Counter()
  readonly eventsDelivered = new Counter()
  readonly #startedAt = Date.now() / 1000

  /** Times an answer that does not wait for others. */
  async time(answer: Promise<unknown>): Promise<void> {
    const from = monotonicMs()
    await answer.catch(() => undefined)
    this.requestSeconds.observe((monotonicMs() - from) / 1000)
  }

  /** Formats all metrics for Prometheus. */
  format(now: HubGauges): string {
    return formatMetrics([
      gauge('info', 'The running version.', [{ labels: { version: now.version }, value: 1 }]),
      gauge('start_time_seconds', 'Start time of the hub, since the epoch.', this.#startedAt),
      gauge('connections', 'Connected clients.', now.connections),
      gauge('connections_limit', 'Limit of connected clients.', now.maxConnections),
      gauge('sessions', 'Sessions, including those of disconnected clients.', now.sessions),
      gauge('sessions_limit', 'Limit of sessions.', now.maxSessions),
      gauge('locks_held', 'Locks that clients hold.', now.locks),
      gauge('lock_waiters', 'Clients waiting for a lock.', now.waiters),
      gauge('requests_in_flight', 'In-flight requests.', now.requests),
      gauge('store_up', 'Whether the store answers.', now.isStoreReachable ? 1 : 0),
      gauge(
        'store_latency_seconds',
        'How long the store took to answer just now.',
        now.storeSeconds,
      ),
      counter('connections_opened_total', 'Accepted connections.', this.connections),
      counter('connections_refused_total', 'Refused connections.', this.refusals),
      counter(
        'sessions_resumed_total',
        'Sessions resumed after a disconnection.',
        this.sessionsResumed,
      ),
      counter('sessions_expired_total', 'Sessions that no client resumed.', this.sessionsExpired),
      counter('requests_total', 'Requests from clients.', this.requests),
      counter('request_errors_total', 'Requests answered with an error.', this.requestErrors),
      {
        name: fullName('request_duration_seconds'),
        help: 'Time to answer, except for requests that wait for others.',
        type: 'histogram',
        samples: this.requestSeconds.samples(),
      },
      counter('locks_granted_total', 'Granted locks.', this.locksGranted),
      counter('leases_lost_total', 'Locks that ended before they were released.', this.leasesLost),
      counter('events_stored_total', 'Events that clients emitted.', this.eventsStored),
      counter('events_delivered_total', 'Events sent to clients.', this.eventsDelivered),
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
