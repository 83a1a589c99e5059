import { delimiter, dirname } from 'node:path'
import process from 'node:process'

/** A date for commits, so that their hashes are the same in every run. */
const DATE = '2026-01-02T03:04:05Z'

/** Turns off checks for newer versions, usage statistics and registry requests. */
const QUIET = {
  ARTILLERY_DISABLE_TELEMETRY: 'true',
  CHECKPOINT_DISABLE: '1',
  DISABLE_EAS_ANALYTICS: '1',
  DO_NOT_TRACK: '1',
  HEROKU_DISABLE_AUTOUPDATE: 'true',
  HEROKU_SKIP_NEW_VERSION_CHECK: 'true',
  NEXT_TELEMETRY_DISABLED: '1',
  NO_UPDATE_NOTIFIER: '1',
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  SF_DISABLE_AUTOUPDATE: 'true',
  SF_DISABLE_TELEMETRY: 'true',
  SF_SKIP_NEW_VERSION_CHECK: 'true',
  SHOPIFY_CLI_NO_ANALYTICS: '1',
  TWILIO_DISABLE_AUTOUPDATE: 'true',
  TWILIO_SKIP_NEW_VERSION_CHECK: 'true',
}

const GIT = {
  GIT_AUTHOR_DATE: DATE,
  GIT_AUTHOR_EMAIL: 'lab@example.com',
  GIT_AUTHOR_NAME: 'lab',
  GIT_COMMITTER_DATE: DATE,
  GIT_COMMITTER_EMAIL: 'lab@example.com',
  GIT_COMMITTER_NAME: 'lab',
  GIT_CONFIG_NOSYSTEM: '1',
}

/**
 * Returns the whole environment of a CLI: nothing comes from the lab's own.
 *
 * @param {import('./sandbox.mjs').Sandbox} sandbox
 * @param {string} node the executable for `node`
 * @returns {Record<string, string>}
 */
export function environment(sandbox, node) {
  const { PATH = '' } = process.env
  return {
    ...QUIET,
    ...GIT,
    PATH: [sandbox.bin, dirname(node), PATH].join(delimiter),
    HOME: sandbox.userHome,
    TMPDIR: sandbox.temporary,
    CLI_OPS_HOME: sandbox.opsHome,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    TZ: 'UTC',
  }
}
