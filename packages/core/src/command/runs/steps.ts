import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** A sequence of driver operations, written once for blocking and awaiting callers. */
export type Steps<T> = Generator<unknown, T, unknown>

/** One step: returns the value of a possible promise. */
export function* value<T>(step: MaybePromise<T>): Steps<T> {
  return (yield step) as T
}

/** Runs the steps, awaiting each. */
export async function takeSteps<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next()
  while (step.done !== true) {
    let given: unknown
    try {
      given = await step.value
    } catch (error) {
      step = steps.throw(error)
      continue
    }
    step = steps.next(given)
  }
  return step.value
}

/** Runs the steps synchronously, on a driver that never waits. */
export function takeStepsNow<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (step.done !== true) {
    if (step.value instanceof Promise) throw new TypeError('a driver that blocks gave a promise')
    step = steps.next(step.value)
  }
  return step.value
}
