/** Parses JSON that a person typed. @throws TypeError naming the option, the rule and the value */
export function parseJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    throw new TypeError(`${option} must be JSON, such as {"id":"1"}, got ${JSON.stringify(shown)}`)
  }
}
