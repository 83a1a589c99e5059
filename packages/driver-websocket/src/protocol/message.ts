/** JSON that was made already, to be sent as it is. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Carries messages for the handlers of users. */
export const RPC_DATA = 'rpc.data'

/** Writes a message of a JSON-RPC connection; its params may be {@link RawJson}. */
export function encodeMessage(message: unknown): string {
  const { params, ...rest } = message as { readonly params?: unknown }
  if (!(params instanceof RawJson)) return JSON.stringify(message)
  return `${JSON.stringify(rest).slice(0, -1)},"params":${params.text}}`
}
