/** A line is said so often within this time, and then counted. */
const SAID = 5
const WINDOW_MS = 10_000
/** Different lines that are counted; with more of them nobody could read the log either. */
const MAX_LINES = 1_000

/**
 * Makes a log that nobody can fill by doing the same over and over: what repeats itself, such as the refusals of one address, is
 * said a few times, and how often it came is said at the end of ten seconds.
 */
export function limitRepeats(log: (line: string) => void): (line: string) => void {
  const counts = new Map<string, number>()
  let window: NodeJS.Timeout | undefined
  const tell = (): void => {
    window = undefined
    for (const [line, count] of counts)
      if (count > SAID) log(`${line} (${count - SAID} more times within ${WINDOW_MS / 1_000} s)`)
    counts.clear()
  }
  return (line) => {
    window ??= setTimeout(tell, WINDOW_MS).unref()
    const count = (counts.get(line) ?? 0) + 1
    if (count > 1 || counts.size < MAX_LINES) counts.set(line, count)
    else return
    if (count <= SAID) log(line)
  }
}
