import { type Coordinator, isCliOpsError, type ServiceInfo } from '@cli-ops/shared-ipc'

/** What one running instance answered. */
export interface CliStatus {
  readonly name: string
  readonly pid: number
  readonly version?: string
  readonly state: ServiceInfo['state']
  /** How many of each kind it has, if it answers the question: `{ tasks: 12 }`. */
  readonly has?: Readonly<Record<string, number>>
  /** Why it gave no answer, if it should have. */
  readonly error?: string
}

/** The question that each example CLI answers while it runs, by name. */
const QUESTIONS: ReadonlyMap<string, { readonly method: string; readonly list: string }> = new Map([
  ['cli-alpha', { method: 'get-tasks', list: 'tasks' }],
  ['cli-beta', { method: 'get-items', list: 'items' }],
  ['cli-gamma', { method: 'get-projects', list: 'projects' }],
])

/** A busy or suspended CLI must not hold up the others' answers for long. */
const TIMEOUT_MS = 2000

/** Asks every other running instance, all in parallel; one that does not answer is shown with the reason. */
export async function askRunningClis(ops: Coordinator): Promise<CliStatus[]> {
  const running = await ops.registry.discover()
  return Promise.all(running.map((service) => askOne(ops, service)))
}

async function askOne(ops: Coordinator, service: ServiceInfo): Promise<CliStatus> {
  const { name, pid, version, state, instance, endpoint } = service
  const facts = { name, pid, ...(version === undefined ? {} : { version }), state }
  const question = QUESTIONS.get(name)
  // A command that only does its work serves nothing.
  if (question === undefined || endpoint === undefined) return facts
  const { method, list } = question
  try {
    const options = { instance, timeoutMs: TIMEOUT_MS }
    const answer = await ops.connect(name).call(method, undefined, options)
    const entries = (answer as Readonly<Record<string, unknown>> | null)?.[list]
    if (!Array.isArray(entries)) return { ...facts, error: `gave no list of ${list}` }
    return { ...facts, has: { [list]: entries.length } }
  } catch (error) {
    if (!isCliOpsError(error)) throw error
    return { ...facts, error: error.message }
  }
}
