/** The result of one vector. */
export interface VectorResult {
  readonly vector: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  readonly reason?: string
}

/** Returns the message of the error that an attempt throws; undefined if it succeeds. */
export async function failureOf(attempt: () => Promise<void>): Promise<string | undefined> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
