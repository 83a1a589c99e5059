import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'

import { root } from '../../scripts/workspaces.mjs'

interface Registry {
  readonly url: string
  close(): void
}

interface Lockfile {
  /** By folder, relative to the repository. */
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: true }>>
}

interface Manifest {
  readonly name: string
  readonly version: string
}

/** Some refuse packages that were published a moment ago. */
const PUBLISHED = new Date(0).toISOString()

/**
 * Starts a registry on loopback that has this repository's packages as they would be published, and what is installed
 * in its node_modules for everything that they depend on: an installation then depends on no network.
 *
 * @param tarballs by package name
 * @param folder for the tarballs that are made of what is installed
 */
export async function startRegistry(
  tarballs: ReadonlyMap<string, string>,
  folder: string,
): Promise<Registry> {
  const installed = installedFolders()
  const packed = new Map([...tarballs.values()].map((file) => [basename(file), file]))
  const known = new Map<string, object | undefined>()
  const versionsOf = (name: string): readonly string[] => {
    const own = tarballs.get(name)
    if (own !== undefined) return [own]
    const place = mkdtempSync(join(folder, 'packed-'))
    return (installed.get(name) ?? []).map((from, index) => {
      const file = join(place, `${basename(place)}-${index}.tgz`)
      const options = ['--exclude=./node_modules', '--transform', 's,^\\.,package,']
      execFileSync('tar', ['-czf', file, ...options, '-C', from, '.'])
      packed.set(basename(file), file)
      return file
    })
  }
  const server = createServer(({ url: asked = '/' }, response) => {
    const path = decodeURIComponent(new URL(asked, url).pathname.slice(1))
    const file = packed.get(basename(path))
    if (file !== undefined) return response.end(readFileSync(file))
    if (!known.has(path)) known.set(path, packument(versionsOf(path), url))
    const found = known.get(path)
    if (found === undefined) return response.writeHead(404).end('{}')
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(found))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url, close }
}

/** Returns the folders in node_modules that hold each package, one a version. */
function installedFolders(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const { packages } = JSON.parse(text) as Lockfile
  const folders = new Map<string, Map<string, string>>()
  for (const [path, { version, link }] of Object.entries(packages)) {
    const name = path.split('node_modules/').at(-1) ?? ''
    const folder = join(root, path)
    const isPackage = path.includes('node_modules/') && version !== undefined && link !== true
    if (!isPackage || !existsSync(folder)) continue
    if (!folders.has(name)) folders.set(name, new Map())
    folders.get(name)?.set(version, folder)
  }
  return new Map([...folders].map(([name, versions]) => [name, [...versions.values()]]))
}

/** Returns a registry's metadata about a package; the first tarball is its latest version. */
function packument(tarballs: readonly string[], url: string): object | undefined {
  const versions = tarballs.map((tarball) => versionMetadata(tarball, url))
  const [latest] = versions
  if (latest === undefined) return undefined
  const byVersion = Object.fromEntries(versions.map((one) => [one.version, one]))
  const times = Object.fromEntries(versions.map(({ version }) => [version, PUBLISHED]))
  return {
    name: latest.name,
    'dist-tags': { latest: latest.version },
    versions: byVersion,
    time: { created: PUBLISHED, modified: PUBLISHED, ...times },
  }
}

function versionMetadata(tarball: string, url: string): Manifest {
  const text = execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' })
  const manifest = JSON.parse(text) as Manifest
  const bytes = readFileSync(tarball)
  const dist = {
    tarball: `${url}${manifest.name}/-/${basename(tarball)}`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
  }
  return { ...manifest, ...{ dist } }
}
