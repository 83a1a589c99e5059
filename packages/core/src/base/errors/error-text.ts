/** Returns the message of a thrown value. Never throws: any value can be thrown, even one that cannot be converted to a string. */
export function errorText(error: unknown): string {
  try {
    const { message } = Object(error) as { readonly message?: unknown }
    return typeof message === 'string' ? message : String(error)
  } catch {
    return 'a value that cannot be printed'
  }
}

/** Like {@link errorText}, with the stack if there is one. */
export function stackOf(error: unknown): string {
  try {
    const { stack } = Object(error) as { readonly stack?: unknown }
    return typeof stack === 'string' ? stack : errorText(error)
  } catch {
    return errorText(error)
  }
}
