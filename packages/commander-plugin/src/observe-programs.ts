import { EventEmitter } from 'node:events'

import { type CommanderProgram, commanderPrototype } from './commander-program.js'

type Method = (...args: unknown[]) => unknown

/** The methods of a commander program that are observed, in every major version since 2. */
type Parser = Partial<Record<'parse' | 'parseAsync' | 'helpInformation', Method>> &
  Pick<CommanderProgram, 'parent'>

interface EmitterClass {
  init: (this: object, ...args: unknown[]) => unknown
}

/** Called with a root program that is about to parse for the first time. */
export type ProgramObserver = (program: CommanderProgram) => void

/** Receives what happens to the programs. */
interface Observers {
  /** Returns false for a program that it already knows. */
  readonly parses: (program: object) => boolean
  readonly showsHelp: () => void
}

/** Methods that commander's programs have, and no other event emitter. */
const METHODS = ['parse', 'opts', 'command', 'option', 'action', 'outputHelp']

/**
 * Calls `observer` with each root program of this process just before its first parse, whichever copy of commander made it and
 * however that was loaded or bundled. commander's programs are event emitters, and `EventEmitter.init` runs for each one;
 * Node's own `domain` watches emitters in the same way. Returns a function that observes the programs of a class: before
 * commander 5, they are emitters without `init`. `showsHelp` is called whenever one of them writes its help.
 */
export function observePrograms(
  observer: ProgramObserver,
  showsHelp: () => void,
): (Command: unknown) => void {
  const emitters = EventEmitter as unknown as EmitterClass
  const { init } = emitters
  const seen = new WeakSet()
  const observed = new WeakSet()
  const observers: Observers = {
    parses: (program) => {
      if (observed.has(program)) return false
      observed.add(program)
      observer(program as CommanderProgram)
      return true
    },
    showsHelp,
  }
  emitters.init = function (...args) {
    if (isProgram(this)) wrapMethods(Object.getPrototypeOf(this) as object, seen, observers)
    return Reflect.apply(init, this, args)
  }
  return (Command) => {
    if (typeof Command !== 'function') return
    const { prototype } = Command as { readonly prototype?: unknown }
    if (typeof prototype === 'object' && prototype !== null && isProgram(prototype))
      wrapMethods(prototype, seen, observers)
  }
}

/**
 * Returns whether the hooks that rules need exist, which is so from commander 9 on. It tries a hook on an object derived from the
 * program, since commander does not expose its version.
 */
export function hasHooks(program: CommanderProgram): boolean {
  const { hook } = commanderPrototype(program) as Partial<CommanderProgram>
  if (typeof hook !== 'function') return false
  const trial = Object.create(program, { _lifeCycleHooks: { value: {} } }) as CommanderProgram
  try {
    Reflect.apply(hook, trial, ['preSubcommand', () => undefined])
    return true
  } catch {
    return false
  }
}

function isProgram(emitter: object): emitter is Parser {
  return METHODS.every((name) => typeof (emitter as Record<string, unknown>)[name] === 'function')
}

/** On the class, since the instance is still being constructed. Its class can be derived from commander's. */
function wrapMethods(start: object, seen: WeakSet<object>, observers: Observers): void {
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
      replace(parser, name, function (...args) {
        // Before commander 7 there is no parent at all.
        if (this.parent || !observers.parses(this)) return Reflect.apply(original, this, args)
        // Wrappers that the observer put around this method apply to this parse, too, and lead back here.
        return Reflect.apply(parser[name] ?? original, this, args)
      })
    }
    const help = Object.hasOwn(prototype, 'helpInformation') ? parser.helpInformation : undefined
    if (help === undefined) continue
    replace(parser, 'helpInformation', function (...args) {
      observers.showsHelp()
      return Reflect.apply(help, this, args)
    })
  }
}

function replace(
  parser: Parser,
  name: string,
  value: (this: Parser, ...args: unknown[]) => unknown,
): void {
  Object.defineProperty(parser, name, { configurable: true, writable: true, value })
}
