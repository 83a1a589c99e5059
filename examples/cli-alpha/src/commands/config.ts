import { resolve } from 'node:path'

import { emits } from '@cli-ops/commander-plugin'
import { print, printable, printJson, UserError } from '@cli-ops/example-base'
import { Command } from 'commander'

import { settingsFile } from '../files/paths.js'
import { changeSetting, type SettingChange } from '../settings/change-setting.js'
import {
  assertSettingKey,
  isPathSetting,
  SETTINGS,
  type SettingKey,
  whyNotSetting,
} from '../settings/setting-keys.js'
import { readSetting } from '../settings/settings-file.js'

const KEYS = Object.keys(SETTINGS) as SettingKey[]

export function configCommand(): Command {
  const config = new Command('config').description('read and change the settings')
  const setting = (name: string, about: string): Command =>
    config.command(name).description(about).argument('<key>', KEYS.join(', '))
  setting('get', 'print a setting').action(getSetting)
  setting('set', 'change a setting').argument('<value>').action(emits(eventOf, setSetting))
  setting('unset', 'remove a setting').action(emits(eventOf, unsetSetting))
  config
    .command('list')
    .description('print all settings')
    .option('--json', 'print JSON')
    .action(listSettings)
  config
    .command('path')
    .description('print where the settings are')
    .action(() => print(settingsFile()))
  return config
}

function getSetting(key: string): void {
  assertSettingKey(key)
  const value = readSetting(key)
  if (value === undefined) throw new UserError(`${key} is not set`)
  print(printable(value))
}

async function setSetting(key: string, value: string): Promise<SettingChange | undefined> {
  assertSettingKey(key)
  const reason = whyNotSetting(key, value)
  if (reason !== undefined) throw new UserError(reason)
  // The next command might run in another directory.
  return changeSetting(key, isPathSetting(key) ? resolve(value) : value)
}

async function unsetSetting(key: string): Promise<SettingChange | undefined> {
  assertSettingKey(key)
  return changeSetting(key, null)
}

function listSettings({ json = false }: { readonly json?: boolean }): void {
  const settings = KEYS.map((key) => ({ key, value: readSetting(key) }))
  if (json) printJson(Object.fromEntries(settings.map(({ key, value }) => [key, value ?? null])))
  else
    for (const { key, value } of settings) {
      const text = value === undefined ? `not set: ${SETTINGS[key].about}` : printable(value)
      print(`${key.padEnd(10)}  ${text}`)
    }
}

function eventOf({ result }: { readonly result: unknown }) {
  return result === undefined ? [] : { type: 'config:changed', data: result }
}
