/**
 * What varies from one run of a program to the next, by name. A CLI lists the normalisers that it needs, and gets no
 * others.
 *
 * @typedef {{ pattern?: RegExp, as?: string, drops?: RegExp }} Normaliser `pattern` is replaced in output, paths and
 *   contents; files whose path `drops` matches are left out
 */

/** @type {Readonly<Record<string, Normaliser>>} */
const NORMALISERS = {
  durations: {
    pattern: /\b\d+(?:\.\d+)? ?(?:μs|ms|s|sec|seconds?|milliseconds?)(?!\w)/gu,
    as: '<time>',
  },
  clockTimes: { pattern: /\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?(?: [AP]M)?/gu, as: '<clock>' },
  isoTimes: { pattern: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?/gu, as: '<instant>' },
  dates: { pattern: /\b20\d\d-[01]\d-[0-3]\d\b/gu, as: '<date>' },
  epochs: { pattern: /(?<!\d)1[7-9]\d{11}(?!\d)/gu, as: '<epoch>' },
  compactTimes: { pattern: /\b20\d{12,15}(?=_|\b)/gu, as: '<instant>' },
  uuids: { pattern: /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gu, as: '<uuid>' },
  processIds: { pattern: /(?<=\(node:)\d+(?=\))/gu, as: '<pid>' },
  /** As log4js writes them after the time. */
  logProcessIds: { pattern: /(?<= \()\d+(?=\) [A-Z]+ )/gu, as: '<pid>' },
  /** Minutes and seconds as cucumber writes them. */
  cucumberTimes: { pattern: /\b\d+m ?\d+\.\d{3}s/gu, as: '<time>' },
  /** Stack frames in packages: the caller of the program's code can be the plugin. */
  libraryFrames: { pattern: /^ +at .*(?:node_modules|node:internal|packages).*\n/gmu, as: '' },
  /** Coverage by process, named and filled with process ids, times and addresses. */
  coverageFolder: { drops: /^coverage\/tmp(?:\/|$)|^\.nyc_output(?:\/|$)/u },
  /** The program line break before or after which the terminal echoes Ctrl-C. */
  echo: { pattern: /\s*\^C\s*/gu, as: '\n^C\n' },
  /** Where a spinner was when the program ended. */
  spinners: { pattern: /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/gu, as: '⠋' },
  /** nx's own databases about files and runs. */
  nxCaches: { drops: /^(?:\.nx|node_modules\/\.cache)(?:\/|$)/u },
  /** The id of an artillery test run. */
  runIds: { pattern: /(?<=run id: )\w+/gu, as: '<id>' },
  /** foreman's last words, which are lost if heroku ends first and takes the terminal along. */
  foremanEnd: { pattern: /(?<=\^C)\[WARN\][\s\S]*/gu, as: '' },
  /** git stores times and inodes of files in it. */
  gitIndex: { drops: /\.git\/index$/u },
}

/**
 * @typedef {{ exitCode: number | null, signal: string | null, stdout: string, stderr: string, files: Record<string, string> }} Seen
 * @param {Seen} seen
 * @param {readonly string[]} names
 * @returns {Seen}
 */
export function normalise(seen, names) {
  const normalisers = names.map(normaliserOf)
  const { stdout, stderr, files } = seen
  const kept = Object.entries(files).filter(
    ([path]) => !normalisers.some(({ drops }) => drops?.test(path)),
  )
  const text = (/** @type {string} */ raw) => normaliseText(raw, names)
  return {
    ...seen,
    stdout: text(stdout),
    stderr: text(stderr),
    files: Object.fromEntries(kept.map(([path, content]) => [text(path), text(content)])),
  }
}

/**
 * @param {string} text
 * @param {readonly string[]} names
 */
export function normaliseText(text, names) {
  return names.map(normaliserOf).reduce((result, { pattern, as = '' }) => {
    return pattern === undefined ? result : result.replaceAll(pattern, as)
  }, text)
}

/** @param {string} name */
function normaliserOf(name) {
  const normaliser = NORMALISERS[name]
  if (normaliser === undefined) throw new Error(`no normaliser is called ${name}`)
  return normaliser
}
