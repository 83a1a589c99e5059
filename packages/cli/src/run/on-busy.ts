/** What to do if the lock is busy. */
export type OnBusy = (typeof ON_BUSY)[number]

const ON_BUSY = ['wait', 'fail', 'skip', 'join', 'replace'] as const

/** @throws TypeError naming the option, the rule and the value */
export function assertOnBusy(value: unknown): asserts value is OnBusy {
  if (ON_BUSY.some((known) => known === value)) return
  throw new TypeError(
    `--on-busy must be one of ${ON_BUSY.join(', ')}, got ${JSON.stringify(value)}`,
  )
}
