import {
  byAge,
  pause,
  randomId,
  type RegistryDriver,
  type ServiceInfo,
  type ServiceQuery,
  type ServiceRecord,
  toServiceInfo,
} from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import type { Inbox, InboxMessage } from '../rpc/inbox.js'
import { type Findings, Inquiry } from './inquiry.js'
import { type Answer, type Member, type Query, Members } from './members.js'

/** How long a new driver listens before it lists the others it knows. */
const SETTLE_MS = 50

/** How to query drivers. */
export interface RegistryContext {
  readonly connection: AmqpConnection
  readonly inbox: Inbox
  readonly driverId: string
  readonly leaseMs: number
}

/**
 * A registry that stores nothing: a lookup queries all drivers, and each answers with its own process's records. The
 * broker knows which processes live, since it deletes their queues with their connections. Answers also list the other
 * drivers known, so a missing one is noticed and queried.
 */
export class AmqpRegistry implements RegistryDriver {
  readonly #context: RegistryContext
  readonly #own = new Map<string, ServiceRecord>()
  readonly #members = new Members()
  readonly #inquiries = new Map<string, Inquiry>()
  readonly #watchers = new Set<() => void>()
  /** Resolves when the other drivers are known. */
  #settled: Promise<void> | undefined

  constructor(context: RegistryContext) {
    this.#context = context
    const { inbox } = context
    inbox.route('query', (message) => {
      this.#onQuery(message)
    })
    inbox.route('answer', ({ text }) => {
      this.#onAnswer(JSON.parse(text) as Answer)
    })
    inbox.route('gone', ({ text }) => {
      this.#members.forget(text)
      this.#changed()
    })
    inbox.route('withdraw', ({ text }) => {
      if (this.#own.delete(text)) this.#announce().catch(() => undefined)
    })
    inbox.observe({
      opened: () => {
        this.#members.clear()
        this.#settled = undefined
        this.#settle().catch(() => undefined)
        this.#changed()
      },
    })
  }

  async register(
    record: ServiceRecord,
    { ifAbsent = false }: { readonly ifAbsent?: boolean } = {},
  ): Promise<void> {
    const field = fieldOf(record)
    if (ifAbsent && (await this.#isRegistered(field))) return
    this.#own.set(field, record)
    try {
      await this.#context.inbox.ready()
      await this.#context.connection.within(undefined, () => this.#settle())
      await this.#announce()
    } catch (error) {
      this.#own.delete(field)
      throw error
    }
  }

  async unregister(name: string, instance: string): Promise<void> {
    const field = fieldOf({ name, instance })
    if (this.#own.delete(field)) await this.#announce()
    // Another driver of the same process may have registered it.
    else await this.#context.inbox.broadcast(field, { kind: 'withdraw' })
  }

  async discover({ name }: ServiceQuery): Promise<ServiceInfo[]> {
    const { live, hung } = await this.#ask()
    return [...infosOf(live, 'live'), ...infosOf(hung, 'hung')]
      .filter((info) => name === undefined || info.name === name)
      .sort(byAge)
  }

  watch(listener: () => void): () => void {
    const own = (): void => {
      listener()
    }
    this.#watchers.add(own)
    this.#context.inbox.ready().then(
      () => {
        // Earlier changes were missed.
        if (this.#watchers.has(own)) listener()
      },
      () => undefined,
    )
    return () => this.#watchers.delete(own)
  }

  async clean(): Promise<ServiceInfo[]> {
    return infosOf((await this.#ask()).gone, 'hung')
  }

  /** Withdraws what was registered, if possible in time. */
  async close(): Promise<void> {
    this.#watchers.clear()
    if (this.#own.size === 0) return
    this.#own.clear()
    await this.#announce().catch(() => undefined)
  }

  get #self(): Member {
    return { driverId: this.#context.driverId, records: [...this.#own.values()] }
  }

  /** Queries all drivers for their records, and tells them which have left. */
  async #ask(): Promise<Findings> {
    const { inbox } = this.#context
    const inquiry = new Inquiry((driverId) => inbox.send(driverId, '', { kind: 'ping' }))
    const id = randomId()
    this.#inquiries.set(id, inquiry)
    try {
      const query: Query = { id, salt: id }
      if (!(await inbox.broadcast(JSON.stringify(query), this.#options))) inquiry.end()
      const findings = await inquiry.findings()
      for (const { driverId } of findings.gone)
        inbox.broadcast(driverId, { kind: 'gone' }).catch(() => undefined)
      return findings
    } finally {
      this.#inquiries.delete(id)
    }
  }

  /** Announces this driver's registrations to all. They answer with what they know. */
  async #announce(): Promise<void> {
    const id = randomId()
    const query: Query = { id, salt: id, asker: this.#self }
    await this.#context.inbox.broadcast(JSON.stringify(query), this.#options)
  }

  #settle(): Promise<void> {
    this.#settled ??= this.#announce().then(
      () => pause(SETTLE_MS, undefined, { keepsAlive: false }),
      (error: unknown) => {
        this.#settled = undefined
        throw error
      },
    )
    return this.#settled
  }

  #onQuery({ text, answerTo }: InboxMessage): void {
    const { id, salt, asker } = JSON.parse(text) as Query
    const { driverId } = this.#context
    if (asker !== undefined) {
      if (asker.driverId === driverId) return
      this.#members.learn(asker)
      this.#changed()
    }
    const answer = (): void => {
      const others = this.#members.toTell(driverId, salt)
      const reply: Answer = { queryId: id, ...this.#self, ...(others !== undefined && { others }) }
      if (answerTo === undefined) return
      this.#context.inbox
        .answer(answerTo, JSON.stringify(reply), { kind: 'answer' })
        .catch(() => undefined)
    }
    // A new driver answers immediately for itself, but delays a query for all records until it knows the others.
    if (asker !== undefined) answer()
    else this.#settle().then(answer, () => undefined)
  }

  #onAnswer(answer: Answer): void {
    const inquiry = this.#inquiries.get(answer.queryId)
    if (inquiry !== undefined) {
      inquiry.onAnswer(answer)
      return
    }
    // Answers to an announcement.
    for (const member of [answer, ...(answer.others ?? [])])
      if (member.driverId !== this.#context.driverId) this.#members.learn(member)
  }

  async #isRegistered(field: string): Promise<boolean> {
    const { live, hung } = await this.#ask()
    return [...live, ...hung].some(({ records }) => records.some((each) => fieldOf(each) === field))
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  get #options(): { readonly kind: string; readonly expiresMs: number } {
    return { kind: 'query', expiresMs: this.#context.leaseMs }
  }
}

/** One process may have registered an instance with several drivers: the serving one knows more. */
function infosOf(members: readonly Member[], state: ServiceInfo['state']): ServiceInfo[] {
  const found = new Map<string, ServiceRecord>()
  for (const record of members.flatMap(({ records }) => records)) {
    const field = fieldOf(record)
    if (found.get(field)?.endpoint === undefined) found.set(field, record)
  }
  const reason = state === 'hung' ? 'unanswered' : undefined
  return [...found.values()].map((record) => toServiceInfo(record, state, reason))
}

function fieldOf({ name, instance }: Pick<ServiceRecord, 'name' | 'instance'>): string {
  return `${instance} ${name}`
}
