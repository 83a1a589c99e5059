import { checkInterrupt } from './check-interrupt.mjs'
import { checkRefusal } from './check-refusal.mjs'
import { checkTold } from './check-told.mjs'
import { checkTraces } from './check-traces.mjs'
import { checkWaiting } from './check-waiting.mjs'
import { differences } from './differences.mjs'
import { Holder } from './holder.mjs'
import { normalise } from './normalise.mjs'
import { RESOURCE } from './resource.mjs'

export const COLUMNS = /** @type {const} */ ([
  'no rule',
  'lock free',
  'busy: fail',
  'busy: skip',
  'busy: wait',
  'busy, then free',
  'events',
  'Ctrl-C',
])

/**
 * @typedef {typeof COLUMNS[number]} Column
 * @typedef {string | undefined} Fault what is wrong
 * @typedef {{ column: Column, fault: Fault, skipped?: string }} Finding
 */

/**
 * Runs a CLI without and with the plugin in every way, and reports where the two differ.
 *
 * @param {import('./subject.mjs').Subject} subject
 * @returns {AsyncGenerator<Finding>}
 */
export async function* examine(subject) {
  const { cli, sandbox } = subject
  const same = (/** @type {import('./normalise.mjs').Seen} */ seen) =>
    normalise(seen, cli.varies ?? [])
  const before = same({
    exitCode: 0,
    signal: null,
    stdout: '',
    stderr: '',
    files: subject.untouched(),
  }).files
  const plain = same(await subject.run({ attached: false }))
  assertSteady(plain, same(await subject.run({ attached: false })), cli)

  sandbox.forget()
  const unruled = same(await subject.run())
  yield { column: 'no rule', fault: differences(plain, unruled) }
  const unruledTraces = await checkTraces(subject, unruled)

  if (cli.expects !== undefined) {
    sandbox.forget()
    subject.configure({ resource: RESOURCE })
    const seen = same(await subject.run())
    const fault =
      'refuses' in cli.expects
        ? checkRefusal({ cli, seen, before, exitCode: 78 })
        : checkTold({ cli, seen, plain })
    yield { column: 'lock free', fault }
    return
  }

  sandbox.forget()
  subject.configure({ resource: RESOURCE })
  const free = same(await subject.run())
  yield { column: 'lock free', fault: differences(plain, free) }
  const freeTraces = await checkTraces(subject, free)

  const holder = await Holder.start(sandbox.opsHome, RESOURCE)
  try {
    for (const [onBusy, exitCode] of /** @type {const} */ ([
      ['fail', 75],
      ['skip', 0],
      ['wait', 75],
    ])) {
      subject.configure({
        resource: RESOURCE,
        onBusy,
        ...(onBusy === 'wait' && { timeoutMs: 300 }),
      })
      const seen = same(await subject.run())
      const fault = checkRefusal({ cli, seen, before, exitCode, holder: holder.pid })
      yield { column: `busy: ${onBusy}`, fault }
    }

    subject.configure({ resource: RESOURCE })
    yield {
      column: 'busy, then free',
      fault: await checkWaiting({ subject, holder, before, plain }),
    }
  } finally {
    await holder.release()
  }

  const traces = [
    unruledTraces === undefined ? undefined : `no rule: ${unruledTraces}`,
    freeTraces === undefined ? undefined : `lock free: ${freeTraces}`,
  ].filter((fault) => fault !== undefined)
  yield { column: 'events', fault: traces.length === 0 ? undefined : traces.join('; ') }

  yield* checkInterrupt(subject)
}

/**
 * @param {import('./normalise.mjs').Seen} plain
 * @param {import('./normalise.mjs').Seen} again
 * @param {import('./cli.mjs').Cli} cli
 */
function assertSteady(plain, again, { name, exitCode = 0, until }) {
  const difference = differences(plain, again)
  if (difference !== undefined) throw new Error(`${name} varies by itself: ${difference}`)
  if (until === undefined && plain.exitCode !== exitCode) {
    const output = plain.stderr + plain.stdout
    throw new Error(`${name} ended with ${plain.exitCode ?? plain.signal} by itself: ${output}`)
  }
}
