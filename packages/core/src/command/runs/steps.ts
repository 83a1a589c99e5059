import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** What is done with a driver one step after the other: written once, for those who block and for those who await. */
export type Steps<T> = Generator<unknown, T, unknown>

/** One step: goes on with the value of what may be a promise. */
export function* value<T>(step: MaybePromise<T>): Steps<T> {
  return (yield step) as T
}

/** Takes the steps, and awaits each. */
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

/** Takes the steps before it returns, on a driver that needs no waiting. */
export function takeStepsNow<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (step.done !== true) {
    if (step.value instanceof Promise) throw new TypeError('a driver that blocks gave a promise')
    step = steps.next(step.value)
  }
  return step.value
}
