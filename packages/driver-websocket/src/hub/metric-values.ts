import type { Sample } from './prometheus-text.js'

/** A counter, in total or by the value of one label. The values must be few. */
export class Counter {
  readonly #label: string | undefined
  readonly #counts = new Map<string, number>()

  /** @param label name of the label, if any; @param values the values that are shown from the beginning */
  constructor(label?: string, values: readonly string[] = label === undefined ? [''] : []) {
    this.#label = label
    for (const value of values) this.#counts.set(value, 0)
  }

  add(value = '', count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count)
  }

  samples(): Sample[] {
    const label = this.#label
    return [...this.#counts].map(([key, value]) =>
      label === undefined ? { value } : { labels: { [label]: key }, value },
    )
  }
}

/** The buckets' upper bounds in seconds: from a store in memory to one that is about to time out. */
const BOUNDS = [0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5]

/** Counts durations by their length. */
export class DurationHistogram {
  readonly #counts = BOUNDS.map(() => 0)
  #sum = 0
  #count = 0

  observe(seconds: number): void {
    this.#sum += seconds
    this.#count += 1
    for (const [index, bound] of BOUNDS.entries())
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1
  }

  samples(): Sample[] {
    const buckets = BOUNDS.map((bound, index) => ({
      suffix: '_bucket',
      labels: { le: String(bound) },
      value: this.#counts[index] ?? 0,
    }))
    return [
      ...buckets,
      { suffix: '_bucket', labels: { le: '+Inf' }, value: this.#count },
      { suffix: '_sum', value: this.#sum },
      { suffix: '_count', value: this.#count },
    ]
  }
}
