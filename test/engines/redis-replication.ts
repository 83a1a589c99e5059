import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { freePort } from './free-port.js'
import { RedisServer, type RedisServerOptions } from './redis-server.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** Sends one command to a server, as `redis-cli` does. */
export async function sayTo(port: number, ...[name, ...args]: [string, ...(string | number)[]]) {
  const client = new Redis(port, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  try {
    return await client.call(name, ...args)
  } finally {
    client.disconnect()
  }
}

/** Two servers, of which the second replicates the first. */
export class RedisPair {
  readonly primary: RedisServer
  readonly replica: RedisServer

  private constructor(primary: RedisServer, replica: RedisServer) {
    this.primary = primary
    this.replica = replica
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisPair> {
    const pair = new RedisPair(await RedisServer.start(options), await RedisServer.start(options))
    await pair.follow(pair.replica, pair.primary)
    return pair
  }

  /** Makes one server the replica of another one. Resolves when it has caught up. */
  async follow(server: RedisServer, primary: { readonly port: number }): Promise<void> {
    await sayTo(server.port, 'REPLICAOF', '127.0.0.1', primary.port)
    while (!String(await sayTo(server.port, 'INFO', 'replication')).includes('link_status:up'))
      await delay(20)
  }

  /** Promotes the replica, as a failover does; the old primary follows it if it answers. */
  async promote({ demote = true }: { readonly demote?: boolean } = {}): Promise<void> {
    await sayTo(this.replica.port, 'REPLICAOF', 'NO', 'ONE')
    if (demote) await sayTo(this.primary.port, 'REPLICAOF', '127.0.0.1', this.replica.port)
  }

  async stop(): Promise<void> {
    await Promise.all([this.primary.stop(), this.replica.stop()])
  }
}

/** A sentinel that watches a primary under the name `main`, alone: its vote is enough. */
export class RedisSentinel {
  readonly port: number
  readonly #child: ChildProcess
  readonly #directory: string

  private constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port
    this.#child = child
    this.#directory = directory
  }

  static async start(primary: RedisServer): Promise<RedisSentinel> {
    const port = await freePort()
    const directory = mkdtempSync(join(tmpdir(), 'cli-ops-sentinel-'))
    const file = join(directory, 'sentinel.conf')
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
        'sentinel down-after-milliseconds main 500',
        'sentinel failover-timeout main 3000',
        '',
      ].join('\n'),
    )
    const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
    const sentinel = new RedisSentinel(port, child, directory)
    await sentinel.untilReplicas(1)
    return sentinel
  }

  /** Resolves when it knows that many replicas, which it needs for a failover. */
  async untilReplicas(count: number): Promise<void> {
    for (;;) {
      const known = await sayTo(this.port, 'SENTINEL', 'REPLICAS', 'main').catch(() => [])
      if ((known as unknown[]).length >= count) return
      await delay(50)
    }
  }

  get url(): string {
    return `redis+sentinel://127.0.0.1:${this.port}/main`
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    removeFolder(this.#directory)
  }
}
