import { relative, sep } from 'node:path'
import { BaseSequencer } from 'vitest/node'
import { root } from './workspaces.mjs'

/** The test files that take longest, the longest first. One that is left out might start last, and then runs alone. */
export const LONGEST = [
  'test/packages/package-managers.test.ts',
  'test/engines/companion.test.ts',
  'test/engines/runs-on-engines.test.ts',
  'packages/driver-postgres/test/failover.test.ts',
  'test/packages/installed-packages.test.ts',
  'packages/driver-redis/test/redis-driver-conformance.test.ts',
  'packages/driver-postgres/test/postgres-driver-conformance.test.ts',
  'packages/driver-amqp/test/amqp-driver-conformance.test.ts',
  'packages/driver-nats/test/nats-driver-conformance.test.ts',
  'packages/driver-amqp/test/broker.test.ts',
  'test/engines/plugins-on-engines.test.ts',
  'test/host-edge/refusals.test.ts',
  'test/engines/nested-deadlocks.test.ts',
  'packages/cli/test/attach.test.ts',
  'test/host-edge/signals.test.ts',
  'test/explorer/explorer.test.ts',
  'packages/driver-postgres/test/recovery.test.ts',
  'packages/driver-websocket/test/sessions.test.ts',
  'packages/cli/test/run-deadlock.test.ts',
  'test/storm/redis-storms.test.ts',
  'test/storm/rabbitmq-storms.test.ts',
  'test/storm/hub-storms.test.ts',
  'test/behaviour/behaviour.test.ts',
  'test/behaviour/runs.test.ts',
  'test/vectors/conformance.test.ts',
  'packages/driver-websocket/test/websocket-driver-conformance.test.ts',
  'test/engines/doctor-on-engines.test.ts',
  'test/windows/windows.test.ts',
  'test/site/site.test.ts',
  'test/bundlers/bundlers.test.ts',
  'test/host-edge/process-listeners.test.ts',
  'test/host-edge/hosts-that-live-on.test.ts',
  'packages/cli/test/help.test.ts',
]

/**
 * Starts the longest files first, so that all workers end at about the same time, and spreads them evenly over the
 * shards.
 */
export class LongestFirst extends BaseSequencer {
  /**
   * @param {import('vitest/node').TestSpecification[]} files
   * @override
   */
  async sort(files) {
    const [long, others] = apart(files)
    return [...long, ...(await super.sort(others))]
  }

  /**
   * @param {import('vitest/node').TestSpecification[]} files
   * @override
   */
  async shard(files) {
    const { index, count } = this.ctx.config.shard ?? { index: 1, count: 1 }
    const [long, others] = apart(files)
    const own = long.filter((_, place) => place % count === index - 1)
    return [...own, ...(await super.shard(others))]
  }
}

/**
 * @param {readonly import('vitest/node').TestSpecification[]} files
 * @returns {[long: import('vitest/node').TestSpecification[], others: import('vitest/node').TestSpecification[]]}
 */
function apart(files) {
  const long = LONGEST.flatMap((path) => files.filter((file) => pathOf(file) === path))
  const known = new Set(long)
  return [long, files.filter((file) => !known.has(file))]
}

/** @param {import('vitest/node').TestSpecification} file */
function pathOf({ moduleId }) {
  return relative(root, moduleId).split(sep).join('/')
}
