import { EventEmitter } from 'node:events'

import type { CommanderProgram } from './commander-program.js'

/** The parse methods of a commander program, in every major version since 2. */
type Parser = Partial<Record<'parse' | 'parseAsync', (...args: unknown[]) => unknown>> &
  Pick<CommanderProgram, 'parent'>

interface EmitterClass {
  init: (this: object, ...args: unknown[]) => unknown
}

/** Called with a root program that is about to parse for the first time. */
export type ProgramObserver = (program: CommanderProgram) => void

/** Methods that commander's programs have, and no other event emitter. */
const METHODS = ['parse', 'opts', 'command', 'option', 'action', 'outputHelp']

/**
 * Calls `observer` with each root program of this process just before its first parse, whichever copy of commander made it and
 * however that was loaded or bundled. commander's programs are event emitters, and `EventEmitter.init` runs for each one;
 * Node's own `domain` watches emitters in the same way. Returns a function that observes the programs of a class: before
 * commander 5, they are emitters without `init`.
 */
export function observePrograms(observer: ProgramObserver): (Command: unknown) => void {
  const emitters = EventEmitter as unknown as EmitterClass
  const { init } = emitters
  const seen = new WeakSet()
  const observed = new WeakSet()
  const once = (program: object): boolean => {
    if (observed.has(program)) return false
    observed.add(program)
    observer(program as CommanderProgram)
    return true
  }
  emitters.init = function (...args) {
    if (isProgram(this)) wrapParsing(Object.getPrototypeOf(this) as object, seen, once)
    return Reflect.apply(init, this, args)
  }
  return (Command) => {
    if (typeof Command !== 'function') return
    const { prototype } = Command as { readonly prototype?: unknown }
    if (typeof prototype === 'object' && prototype !== null && isProgram(prototype))
      wrapParsing(prototype, seen, once)
  }
}

/**
 * Returns whether the hooks that rules need exist, which is so from commander 9 on. It tries a hook on an object derived from the
 * program, since commander does not expose its version.
 */
export function hasHooks(program: CommanderProgram): boolean {
  if (typeof (program as Partial<CommanderProgram>).hook !== 'function') return false
  const trial = Object.create(program, { _lifeCycleHooks: { value: {} } }) as CommanderProgram
  try {
    trial.hook('preSubcommand', () => undefined)
    return true
  } catch {
    return false
  }
}

function isProgram(emitter: object): emitter is Parser {
  return METHODS.every((name) => typeof (emitter as Record<string, unknown>)[name] === 'function')
}

/** On the class, since the instance is still being constructed. Its class can be derived from commander's. */
function wrapParsing(
  start: object,
  seen: WeakSet<object>,
  observe: (program: object) => boolean,
): void {
  for (
    let prototype: object | null = start;
    prototype !== null && isProgram(prototype) && !seen.has(prototype);
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    seen.add(prototype)
    const parser: Parser = prototype
    for (const name of ['parse', 'parseAsync'] as const) {
      const original = Object.hasOwn(prototype, name) ? prototype[name] : undefined
      if (original === undefined) continue
      const value = function (this: Parser, ...args: unknown[]): unknown {
        // Before commander 7 there is no parent at all.
        if (this.parent || !observe(this)) return Reflect.apply(original, this, args)
        // Wrappers that the observer put around this method apply to this parse, too, and lead back here.
        return Reflect.apply(parser[name] ?? original, this, args)
      }
      Object.defineProperty(prototype, name, { configurable: true, writable: true, value })
    }
  }
}
