/** A way in which programs are built, as a small program of that kind. */
export interface Shape {
  readonly title: string
  /**
   * The program below the head of its framework. It calls `work(…)`, which prints, wherever it does something that its
   * lock has to cover, and sees nothing of the plugin.
   */
  readonly source: string
  readonly args?: readonly string[]
  /** Lines on its stdin. */
  readonly input?: string
  /** Keys of the rules that take the lock; none if the program takes it with `withLock()`. @default ['*'] */
  readonly rules?: readonly string[]
  /** How it ends. @default 0 */
  readonly exitCode?: number
  /** What it prints; missing if that is the framework's own output, such as help. */
  readonly prints?: string
  /**
   * Number of commands it runs; none for help, usage errors and the like, which cost nothing. If one command runs
   * others inside, these can have events of their own; if the plugin is not part of the program, `withLock()` alone
   * need not have any. @default 1
   */
  readonly commands?: number | 'nested' | 'unseen'
  /** What it prints before its command begins. */
  readonly beforehand?: string
  /** What happens if its lock is busy and it may not wait, when the host lives on and reports it in its own way. */
  readonly livesOn?: { readonly prints: string; readonly exitCode: number }
  /** It promises JSON on stdout, even for an error. */
  readonly isJson?: boolean
  /** Other files of the program. */
  readonly files?: Readonly<Record<string, string>>
  /** Its `"oclif"` in package.json, beside the usual. */
  readonly oclif?: object
  /** CommonJS, with `require()`. */
  readonly isCommonJs?: boolean
  /** The framework is bundled into the program. */
  readonly isBundled?: boolean
}

/** What the test decides about one run of a program. */
export interface ShapeRun {
  readonly hasPlugin: boolean
  readonly onBusy?: 'wait' | 'fail' | 'skip'
  readonly nodeOptions?: readonly string[]
  /** A program with its arguments that starts it, such as `setpriv`. */
  readonly wrapper?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A framework, in one of its majors, and how to start its programs. */
export interface Framework {
  readonly title: string
  /** Writes the program into a separate folder; returns the file to run. */
  write(folder: string, shape: Shape, hasPlugin: boolean): Promise<string> | string
  /** Returns where the program gets its options from: its environment, or files in the home. */
  configure(home: string, shape: Shape, onBusy: 'wait' | 'fail' | 'skip'): Record<string, string>
  /** True for the major that runs every test; the others run only the waits. */
  readonly isNewest: boolean
}

/** The resource of every shape. */
export const RESOURCE = 'res'

/** The rules of the plugin for a shape. */
export function rulesOf(shape: Shape, onBusy: 'wait' | 'fail' | 'skip'): object {
  const lock = { resource: RESOURCE, onBusy }
  const rules = (shape.rules ?? ['*']).map((key) => [key, { lock }] as const)
  return Object.fromEntries(rules)
}
