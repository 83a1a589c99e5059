// A TypeDoc plugin: groups a package's exports on its page by topic, which is the folder that they come from.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'

/**
 * The topic of each folder. In packages that re-export the core, the core's declarations come from its build.
 *
 * @type {readonly (readonly [topic: string, folder: RegExp])[]}
 */
const TOPICS = [
  ['Plugin', /-plugin\/src\//u],
  ['Coordinator', /\/core\/\w+\/coordinator\//u],
  ['Locks', /\/core\/\w+\/locks\//u],
  ['Events', /\/core\/\w+\/events\//u],
  ['Registry', /\/core\/\w+\/registry\//u],
  ['Requests', /\/core\/\w+\/rpc\//u],
  ['Commands', /\/core\/\w+\/command\//u],
  ['Config files', /\/core\/\w+\/config-watcher\//u],
  ['Testing', /\/core\/\w+\/testing\//u],
  ['Hub', /\/src\/hub\//u],
  ['Driver', /\/driver-[a-z]+\/src\/|\/core\/\w+\/drivers\//u],
  ['Connection', /\/core\/\w+\/engine\//u],
  ['Errors', /\/core\/\w+\/base\/errors\//u],
]

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, (context) => {
    nameMainModule(context.project)
    for (const reflection of context.project.getReflectionsByKind(ReflectionKind.ExportContainer)) {
      if (!reflection.isContainer()) continue
      for (const exported of reflection.children ?? [])
        if (!exported.kindOf(ReflectionKind.Module)) addTopic(exported, fileOf(context, exported))
    }
  })
}

/**
 * Names the main module of a package with several after the package: a page named `index` would be its folder's.
 *
 * @param {import('typedoc').ProjectReflection} project
 */
function nameMainModule({ packageName = '', children = [] }) {
  const main = children.find(({ name, kind }) => name === 'index' && kind === ReflectionKind.Module)
  if (main !== undefined) main.name = packageName.split('/').at(-1) ?? ''
}

/**
 * @param {import('typedoc').Context} context
 * @param {import('typedoc').DeclarationReflection} reflection
 */
function fileOf(context, reflection) {
  const [declaration] = context.getSymbolFromReflection(reflection)?.declarations ?? []
  return declaration?.getSourceFile().fileName ?? ''
}

/**
 * @param {import('typedoc').DeclarationReflection} reflection
 * @param {string} file
 */
function addTopic(reflection, file) {
  const topic = TOPICS.find(([, folder]) => folder.test(file))?.[0]
  if (topic === undefined) return
  // TypeDoc keeps the comment of a function with its signatures.
  for (const documented of reflection.signatures ?? [reflection]) {
    documented.comment ??= new Comment()
    documented.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: topic }]))
  }
}
