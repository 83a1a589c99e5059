/**
 * How an `ops` command is typed. `program` is `cli-alpha ops`, or ends with a colon where the CLI joins the names of its commands with
 * colons: `cli-gamma ops:`.
 */
export function opsLine(program: string, path: string): string {
  return program.endsWith(':') ? program + path.replaceAll(' ', ':') : `${program} ${path}`
}
