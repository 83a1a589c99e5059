import { type Coordinator, isCliOpsError, type ServiceInfo } from '@cli-ops/shared-ipc'

/** What one running instance said. */
export interface CliStatus {
  readonly name: string
  readonly pid: number
  readonly version?: string
  readonly state: ServiceInfo['state']
  /** How many of each kind it has, where it answers such a question: `{ tasks: 12 }`. */
  readonly has?: Readonly<Record<string, number>>
  /** Why it gave no answer, where it should have. */
  readonly error?: string
}

/** What the example CLIs answer while they run, by name. */
const QUESTIONS: ReadonlyMap<string, { readonly method: string; readonly list: string }> = new Map([
  ['cli-alpha', { method: 'get-tasks', list: 'tasks' }],
  ['cli-beta', { method: 'get-items', list: 'items' }],
  ['cli-gamma', { method: 'get-projects', list: 'projects' }],
])

/** A CLI that is busy or suspended must not keep the others' answers back for long. */
const TIMEOUT_MS = 2000

/** Asks every other running instance, all at once; one that does not answer is shown with the reason. */
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
