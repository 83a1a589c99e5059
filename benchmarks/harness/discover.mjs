import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Order of the areas in the results. */
export const AREAS = [
  ...['startup', 'locks', 'events', 'rpc', 'live'],
  ...['redis', 'postgres', 'nats', 'amqp', 'websocket', 'engines'],
]

/**
 * @typedef {{ area: string, name: string, path: string }} Benchmark
 * @typedef {{ title: string, run: (reporter: import('./report.mjs').Reporter) => Promise<void> }} BenchmarkModule
 *   What a `<area>/<name>.bench.mjs` exports.
 */

/**
 * Finds the requested benchmark modules, by area (`locks`), module (`takeover`) or both (`locks/takeover`); all of them
 * without a request.
 *
 * @param {string} folder
 * @param {readonly string[]} wanted
 * @returns {Benchmark[]}
 * @throws TypeError if a name matches no benchmark
 */
export function discover(folder, wanted) {
  const all = AREAS.filter((area) => existsSync(join(folder, area))).flatMap((area) =>
    readdirSync(join(folder, area))
      .filter((file) => file.endsWith('.bench.mjs'))
      .sort()
      .map((file) => ({
        area,
        name: file.slice(0, -'.bench.mjs'.length),
        path: join(folder, area, file),
      })),
  )
  for (const name of wanted) {
    if (all.some((benchmark) => isCalled(benchmark, name))) continue
    const known = all.map(({ area, name: module }) => `${area}/${module}`).join(', ')
    throw new TypeError(`names must be areas or benchmarks (${known}), got ${JSON.stringify(name)}`)
  }
  if (wanted.length === 0) return all
  return all.filter((benchmark) => wanted.some((name) => isCalled(benchmark, name)))
}

/** @param {Benchmark} benchmark @param {string} name */
function isCalled({ area, name: module }, name) {
  return name === area || name === module || name === `${area}/${module}`
}
