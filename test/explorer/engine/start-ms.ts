/** When every scenario begins, in milliseconds since the epoch. */
export const START_MS = 1_700_000_000_000
