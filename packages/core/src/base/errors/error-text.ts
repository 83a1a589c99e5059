/** The message of whatever was thrown. Never throws itself: anything can be thrown, also what cannot be made a text. */
export function errorText(error: unknown): string {
  try {
    const { message } = Object(error) as { readonly message?: unknown }
    return typeof message === 'string' ? message : String(error)
  } catch {
    return 'something that cannot be written'
  }
}

/** As {@link errorText}, with the stack where there is one. */
export function stackOf(error: unknown): string {
  try {
    const { stack } = Object(error) as { readonly stack?: unknown }
    return typeof stack === 'string' ? stack : errorText(error)
  } catch {
    return errorText(error)
  }
}
