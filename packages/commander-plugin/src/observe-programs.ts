import { EventEmitter } from 'node:events'

import type { CommanderProgram } from './commander-program.js'

/** The part of a commander program through which every parse goes. */
type Parser = Record<'parse' | 'parseAsync', (...args: unknown[]) => unknown> &
  Pick<CommanderProgram, 'parent'>

interface EmitterClass {
  init: (this: object, ...args: unknown[]) => unknown
}

/**
 * Calls `observer` with each root program of this process when it is about to parse, whichever copy of commander made it
 * and however that was loaded or bundled. commander's programs are event emitters, and `EventEmitter.init` runs
 * for each of those; Node's own `domain` watches emitters in the same way.
 */
export function observePrograms(observer: (program: CommanderProgram) => void): void {
  const emitters = EventEmitter as unknown as EmitterClass
  const { init } = emitters
  const seen = new WeakSet()
  emitters.init = function (...args) {
    if (isProgram(this)) wrapParsing(this, seen, observer)
    return Reflect.apply(init, this, args)
  }
}

function isProgram(emitter: object): emitter is Parser {
  return ['parseAsync', 'parse', 'hook', 'addCommand', 'opts'].every(
    (method) => typeof (emitter as Record<string, unknown>)[method] === 'function',
  )
}

/** On the class, since the instance is still being constructed. A program may be of a class derived from commander's. */
function wrapParsing(
  program: Parser,
  seen: WeakSet<object>,
  observer: (program: CommanderProgram) => void,
): void {
  for (
    let prototype = Object.getPrototypeOf(program) as object | null;
    prototype !== null && isProgram(prototype) && !seen.has(prototype);
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    seen.add(prototype)
    for (const name of ['parse', 'parseAsync'] as const) {
      if (!Object.hasOwn(prototype, name)) continue
      const original = prototype[name]
      const value = function (this: Parser, ...args: unknown[]): unknown {
        if (this.parent === null) observer(this as unknown as CommanderProgram)
        return Reflect.apply(original, this, args)
      }
      Object.defineProperty(prototype, name, { configurable: true, writable: true, value })
    }
  }
}
