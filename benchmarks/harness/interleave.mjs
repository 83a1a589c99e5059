import { seededRandom } from './statistics.mjs'

/**
 * Measures several variants in turns, so that a change of the machine's speed affects all of them alike: round after
 * round, each in a different order. The first rounds warm the caches and are not counted.
 *
 * @template {string} Name
 * @template [Sample=number]
 * @param {Record<Name, () => Sample | Promise<Sample>>} variants each measures itself once
 * @param {{ rounds: number, warmUp?: number, onRound?: (round: number) => void }} options
 * @returns {Promise<Record<Name, Sample[]>>} the samples; one round's samples share an index
 */
export async function interleave(variants, { rounds, warmUp = 2, onRound }) {
  const names = /** @type {Name[]} */ (Object.keys(variants))
  /** @type {any} */
  const empty = Object.fromEntries(names.map((name) => [name, []]))
  /** @type {Record<Name, Sample[]>} */
  const samples = empty
  const random = seededRandom(rounds)
  for (let round = -warmUp; round < rounds; round += 1) {
    onRound?.(round)
    for (const name of shuffle(names, random)) {
      const sample = await variants[name]()
      if (round >= 0) samples[name].push(sample)
    }
  }
  return samples
}

/** @template T @param {readonly T[]} items @param {() => number} random @returns {T[]} */
function shuffle(items, random) {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
