import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'

interface Registry {
  readonly url: string
  close(): void
}

/**
 * Starts a registry on loopback that has this repository's packages as they would be published, and redirects
 * everything else to the configured one.
 *
 * @param tarballs by package name
 */
export async function startRegistry(
  tarballs: ReadonlyMap<string, string>,
  upstream: string,
): Promise<Registry> {
  const files = new Map([...tarballs.values()].map((file) => [basename(file), file]))
  const server = createServer(({ url: asked = '/' }, response) => {
    const path = decodeURIComponent(new URL(asked, url).pathname.slice(1))
    const file = files.get(basename(path))
    const tarball = tarballs.get(path)
    if (file !== undefined) createReadStream(file).pipe(response)
    else if (tarball === undefined)
      response.writeHead(302, { location: new URL(asked, upstream).href }).end()
    else response.end(JSON.stringify(packument(tarball, url)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url, close }
}

/** Returns a registry's metadata about a package. */
function packument(tarball: string, url: string): object {
  const text = execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' })
  const manifest = JSON.parse(text) as { readonly name: string; readonly version: string }
  const { name, version } = manifest
  const bytes = readFileSync(tarball)
  const dist = {
    tarball: `${url}${name}/-/${basename(tarball)}`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
  }
  // Some refuse packages that were published a moment ago.
  const published = new Date(0).toISOString()
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time: { created: published, modified: published, [version]: published },
  }
}
