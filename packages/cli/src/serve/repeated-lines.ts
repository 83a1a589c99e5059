/** A line is printed this often within the window, and then only counted. */
const SAID = 5
const WINDOW_MS = 10_000
/** The number of different lines counted; with more, the log would be unreadable anyway. */
const MAX_LINES = 1_000

/**
 * Wraps a log so that repetition cannot flood it: a repeated line, such as refusals of one address, is printed a few times, and
 * its count after ten seconds.
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
