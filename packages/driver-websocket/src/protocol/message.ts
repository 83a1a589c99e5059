/** Serialised JSON, to send as it is. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Carries messages for users' handlers. */
export const RPC_DATA = 'rpc.data'

/** Serialises a JSON-RPC message; its params can be {@link RawJson}. */
export function encodeMessage(message: unknown): string {
  const { params, ...rest } = message as { readonly params?: unknown }
  if (!(params instanceof RawJson)) return JSON.stringify(message)
  return `${JSON.stringify(rest).slice(0, -1)},"params":${params.text}}`
}
