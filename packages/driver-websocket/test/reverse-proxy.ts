import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { root } from '../../../scripts/workspaces.mjs'
import { freePort } from '../../../test/engines/free-port.js'

/** A reverse proxy whose configuration is in the guide. */
export interface ProxyKind {
  readonly name: 'nginx' | 'haproxy'
  /** The arguments that check whether it is installed. */
  readonly probe: readonly string[]
  /** Returns the whole configuration, around the part that the guide shows. */
  configure(shown: string, port: number, directory: string): string
  /** Returns the arguments that keep it in the foreground. */
  run(file: string, directory: string): readonly string[]
}

export const PROXIES: readonly ProxyKind[] = [
  {
    name: 'nginx',
    probe: ['-v'],
    configure: (shown, port, directory) => `
      daemon off; master_process off; pid ${directory}/pid; error_log stderr;
      events {}
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
          .join('\n')}
        server {
          listen 127.0.0.1:${port};
          ${shown}
        }
      }`,
    run: (file, directory) => ['-p', directory, '-e', 'stderr', '-c', file],
  },
  {
    name: 'haproxy',
    probe: ['-v'],
    configure: (shown, port) => `
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
${shown.replace(/bind .*/u, `bind 127.0.0.1:${port}`)}
`,
    run: (file) => ['-db', '-f', file],
  },
]

/** Returns whether a program is installed. */
export function isInstalled({ name, probe }: ProxyKind): boolean {
  return spawnSync(name, [...probe]).status === 0
}

/** A reverse proxy with the guide's configuration, in front of a hub on this machine. */
export class ReverseProxy {
  readonly port: number
  readonly #child: ChildProcess
  readonly #directory: string

  private constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port
    this.#child = child
    this.#directory = directory
  }

  /** @param hubPort where the hub listens, instead of the guide's 4711 */
  static async start(kind: ProxyKind, hubPort: number): Promise<ReverseProxy> {
    const directory = mkdtempSync(join(tmpdir(), 'cli-ops-proxy-'))
    const port = await freePort()
    const guide = readFileSync(join(root, 'docs/guides/hub.md'), 'utf8')
    const [, shown] = new RegExp(`^\`\`\`${kind.name}\\n(.*?)^\`\`\``, 'msu').exec(guide) ?? []
    if (shown === undefined) throw new Error(`the guide must have a configuration of ${kind.name}`)
    const file = join(directory, 'conf')
    writeFileSync(file, kind.configure(shown.replaceAll('4711', String(hubPort)), port, directory))
    const child = spawn(kind.name, [...kind.run(file, directory)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`${kind.name} does not start: ${said}`)
      await delay(10)
    }
    return new ReverseProxy(port, child, directory)
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}
