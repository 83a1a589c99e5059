import type { RequestReport } from '@cli-ops/shared-ipc'

import { KeptList, type Revisions } from './kept-list.js'
import type { InstanceFacts, RequestView, ServerView } from './live-types.js'

const MAX_KEPT = 500

/** The requests that servers reported. */
export class RequestHistory {
  readonly requests: KeptList<RequestView>
  readonly #servers = new Map<string, { readonly view: ServerView; readonly at: number }>()

  constructor(revisions: Revisions) {
    this.requests = new KeptList(revisions, MAX_KEPT)
  }

  get servers(): readonly ServerView[] {
    return [...this.#servers.values()].map(({ view }) => view)
  }

  /** Returns how many ended requests of a server are already known. */
  endedOf(instance: string): number {
    return this.#servers.get(instance)?.view.ended ?? 0
  }

  /** Adds a server's report, or the lack of one. Returns true if something changed. */
  observe(server: InstanceFacts, report: RequestReport | 'mute' | 'silent', at: number): boolean {
    const { name, instance, pid } = server
    const before = this.#servers.get(instance)
    const rest = { name, instance, pid }
    if (typeof report === 'string') {
      const { ended = 0, failed = 0 } = before?.view ?? {}
      const view = { ...rest, tells: report, ended, failed, perSecond: 0, running: [] }
      this.#servers.set(instance, { view, at })
      return before?.view.tells !== report
    }
    const { ended, failed, running } = report
    for (const { method, durationMs, outcome, endedMsAgo } of report.recent)
      this.requests.add({ server: name, pid, method, durationMs, outcome, at: at - endedMsAgo })
    const spanMs = before === undefined ? Infinity : at - before.at
    const perSecond = ((ended - (before?.view.ended ?? ended)) * 1000) / Math.max(spanMs, 1)
    const view: ServerView = {
      ...rest,
      tells: 'requests',
      ended,
      failed,
      perSecond: Math.max(0, Math.round(perSecond * 10) / 10),
      running: running.map(({ method, forMs }) => ({ method, since: at - forMs })),
    }
    this.#servers.set(instance, { view, at })
    return JSON.stringify(withoutTimes(view)) !== JSON.stringify(withoutTimes(before?.view))
  }

  /** Forgets the servers that have gone; their requests stay. */
  keepServers(instances: ReadonlySet<string>): void {
    for (const instance of this.#servers.keys())
      if (!instances.has(instance)) this.#servers.delete(instance)
  }
}

/** The start time of a request is computed on each report and can shift by a millisecond. */
function withoutTimes(view: ServerView | undefined): unknown {
  return view && { ...view, running: view.running.map(({ method }) => method) }
}
