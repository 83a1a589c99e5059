import { noTerminal } from './interrupt.mjs'
import { checkTraces } from './check-traces.mjs'
import { normaliseText } from './normalise.mjs'
import { RESOURCE } from './resource.mjs'

/**
 * Checks that Ctrl-C at a terminal has the same effect as without the plugin, and leaves nothing.
 *
 * @param {import('./subject.mjs').Subject} subject
 * @returns {AsyncGenerator<import('./examine.mjs').Finding>}
 */
export async function* checkInterrupt(subject) {
  const { cli, sandbox } = subject
  const column = 'Ctrl-C'
  if (cli.interrupt === undefined) return
  if (noTerminal !== undefined) {
    yield { column, fault: undefined, skipped: noTerminal }
    return
  }
  const { varies = [] } = cli.interrupt
  const plain = await subject.interrupt(cli.interrupt, false)
  if (/^(?:never|goes)/u.test(plain.status))
    throw new Error(`${cli.name} by itself ${plain.status}: ${plain.screen}`)
  sandbox.forget()
  subject.configure({ resource: RESOURCE })
  const attached = await subject.interrupt(cli.interrupt, true)
  const faults = []
  if (attached.status !== plain.status) faults.push(`${attached.status}, not ${plain.status}`)
  const [expected, actual] = [plain, attached].map(({ screen }) =>
    normaliseText(screen, [...(cli.varies ?? []), ...varies]),
  )
  if (expected !== actual)
    faults.push(`terminal: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`)
  const [, code] = /^exit code (\d+)$/u.exec(attached.status) ?? []
  const exitCode = code === undefined ? null : Number(code)
  const traces = await checkTraces(subject, { exitCode })
  if (traces !== undefined) faults.push(traces)
  yield { column, fault: faults.length === 0 ? undefined : faults.join('; ') }
}
