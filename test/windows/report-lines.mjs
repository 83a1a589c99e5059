// A reporter for node:test: a line of JSON for each test, with the names of its groups before its own.

/** @param {AsyncIterable<import('node:test').TestEvent>} events */
export default async function* reportLines(events) {
  /** @type {string[]} */
  const names = []
  for await (const { type, data } of events) {
    if (type === 'test:start') names.splice(data.nesting, Infinity, data.name)
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { details, skip } = data
    if (details.type === 'suite') continue
    const outcome = type === 'test:fail' ? 'failed' : skip === undefined ? 'passed' : 'skipped'
    const error =
      type === 'test:fail' ? String(details.error.cause?.stack ?? details.error) : undefined
    const seconds = Math.round(details.duration_ms / 100) / 10
    yield `${JSON.stringify({ name: [...names.slice(0, data.nesting), data.name].join(' > '), outcome, seconds, error })}\n`
  }
}
