/** The desired entries of package.json. */
export interface ManifestChange {
  readonly plugin: string
  readonly range: string
  /** True to add the plugin to oclif's plugin list as well. */
  readonly listsPlugins: boolean
}

type JsonObject = Record<string, unknown>

/** Returns a package.json with the plugin among its dependencies, sorted and indented as npm would do it. */
export function wireManifest(
  text: string,
  { plugin, range, listsPlugins }: ManifestChange,
): string {
  const manifest = JSON.parse(text) as JsonObject
  if (!dependsOn(manifest, plugin)) {
    const dependencies = { ...objectOf(manifest['dependencies']), [plugin]: range }
    const sorted = Object.entries(dependencies).sort(([a], [b]) => a.localeCompare(b, 'en'))
    manifest['dependencies'] = Object.fromEntries(sorted)
  }
  if (listsPlugins) {
    const oclif = objectOf(manifest['oclif'])
    const plugins = Array.isArray(oclif['plugins']) ? (oclif['plugins'] as unknown[]) : []
    if (!plugins.includes(plugin)) manifest['oclif'] = { ...oclif, plugins: [...plugins, plugin] }
  }
  const [, indentation = '  '] = /^\{\r?\n([ \t]+)/u.exec(text) ?? []
  const end = text.endsWith('\n') ? '\n' : ''
  const written = JSON.stringify(manifest, undefined, indentation) + end
  return JSON.stringify(JSON.parse(text)) === JSON.stringify(manifest) ? text : written
}

function dependsOn(manifest: JsonObject, name: string): boolean {
  return ['dependencies', 'devDependencies', 'peerDependencies'].some((part) =>
    Object.hasOwn(objectOf(manifest[part]), name),
  )
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}
