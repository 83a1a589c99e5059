import { resolve } from 'node:path'

import { describeOwnProcess, jsonLine, say } from '@cli-ops/shared-ipc/ops'

import { type Framework, FRAMEWORKS } from './frameworks.js'
import { EXIT_USAGE } from '../exit-codes.js'
import { planWiring } from './wire/plan-wiring.js'
import { installedVersion, type Project, readProject } from './read-project.js'

/** What to do for one framework. */
interface Advice {
  readonly framework: string
  /** The installed version; else the range in package.json. */
  readonly version: string
  readonly supported: boolean
  /** True if the plugin is already a dependency. */
  readonly hasPlugin: boolean
  /** True if the program uses it already. */
  readonly wired: boolean
  readonly install: string
  readonly add: readonly string[]
}

/**
 * `init`: shows what to add, without changing anything. Exit code 1 if there is no framework, or none in a tested version.
 */
export function showInit(folder: string, options: Readonly<Record<string, unknown>>): number {
  describeOwnProcess({ name: 'cli-ops' })
  try {
    const project = readProject(folder)
    const advice = project === undefined ? [] : FRAMEWORKS.flatMap((one) => adviseOn(one, project))
    if (options['json'] === true) {
      const place = project?.folder ?? null
      process.stdout.write(`${jsonLine({ folder: place, frameworks: advice })}\n`)
    } else if (advice.length > 0) {
      process.stdout.write(`${advice.map(adviceText).join('\n\n')}\n`)
    } else {
      say(project === undefined ? noPackage(folder) : noFramework(project))
    }
    return advice.some(({ supported }) => supported) ? 0 : 1
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    say(error.message)
    return EXIT_USAGE
  }
}

export function adviseOn(framework: Framework, project: Project): Advice[] {
  const { name, plugin, majors } = framework
  const range = rangeOf(project, name)
  if (range === undefined) return []
  const version = installedVersion(project, name) ?? range
  const major = Number(/\d+/u.exec(version)?.[0])
  const oclif = project.manifest.oclif as { readonly plugins?: unknown } | undefined
  const hasPlugin = rangeOf(project, plugin) !== undefined
  const style = {
    isModule: project.manifest.type === 'module',
    hasOclifPlugins: Array.isArray(oclif?.plugins),
  }
  return [
    {
      framework: name,
      version,
      // A tag or a path says nothing about the version; npm will report a conflict.
      supported: Number.isNaN(major) || (major >= majors[0] && major <= majors[1]),
      hasPlugin,
      wired: hasPlugin && isWired(project, framework),
      install: `${project.install} ${plugin}`,
      add: framework.steps(style),
    },
  ]
}

function isWired(project: Project, framework: Framework): boolean {
  const plan = planWiring(project, framework, undefined)
  return !('refusal' in plan) && plan.changes.length === 0
}

function rangeOf({ manifest }: Project, name: string): string | undefined {
  for (const part of [manifest.dependencies, manifest.devDependencies, manifest.peerDependencies]) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) continue
    const range = (part as Record<string, unknown>)[name]
    if (typeof range === 'string') return range
  }
  return undefined
}

function adviceText(advice: Advice): string {
  const { framework, version, supported, hasPlugin, wired, install, add } = advice
  if (!supported) {
    const { majors } = FRAMEWORKS.find(({ name }) => name === framework) as Framework
    return `${framework} ${version}: not supported; the plugin supports ${majors.join(' to ')}`
  }
  if (wired) return `${framework} ${version} is wired already; nothing to do`
  const steps = hasPlugin ? add : [install, ...add]
  const head = hasPlugin ? 'the plugin is installed; it takes' : 'add'
  return [`${framework} ${version}: ${head}`, '', ...steps.map((line) => `  ${line}`)].join('\n')
}

export function noPackage(folder: string): string {
  return `no package.json in ${resolve(folder)} or above; any other program can be run with "cli-ops run"`
}

export function noFramework({ folder }: Project): string {
  const names = FRAMEWORKS.map(({ name }) => name).join(', ')
  return `${folder}/package.json depends on none of ${names}; any other program can be run with "cli-ops run"`
}
