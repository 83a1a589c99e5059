/** The longest delay of a Node timer, 25 days; it fires a longer one at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1
