/**
 * Serves the methods that the wire vectors need.
 *
 * @param {import('@cli-ops/shared-ipc').IPCServer} server
 */
export function serveConformanceMethods(server) {
  /** @type {unknown[]} */
  let noted = []
  server.handle('conformance/echo', (params) => params ?? null)
  server.handle('conformance/fail', () => {
    throw Object.assign(new Error('failed'), { code: 'E_TEST' })
  })
  server.handle('conformance/wait', (_params, { signal }) => {
    return new Promise((resolve) => {
      signal.addEventListener('abort', resolve)
    })
  })
  server.handle('conformance/count', async (to, { progress }) => {
    for (let value = 1; value <= Number(to); value += 1) await progress(value)
    return to
  })
  server.handle('conformance/note', (params) => {
    noted.push(params)
  })
  server.handle('conformance/noted', () => {
    const all = noted
    noted = []
    return all
  })
}
