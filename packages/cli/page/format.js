/** @import { OwnerView } from '../src/live/live-types.js' */

/** The CLI and its command: `cli-beta sync`. @param {Pick<OwnerView, 'name' | 'command'>} owner */
export function programOf({ name, command }) {
  return command === undefined ? name : `${name} ${command}`
}

/** The same with what it is for: `cli-beta deploy “production”`. @param {OwnerView & { label?: string }} owner */
export function workOf(owner) {
  return owner.label === undefined ? programOf(owner) : `${programOf(owner)} “${owner.label}”`
}

/** The same with the slot that it has: `cli-beta test on emulator-2`. @param {OwnerView & { label?: string, slot?: string }} owner */
export function holdingOf(owner) {
  return owner.slot === undefined ? workOf(owner) : `${workOf(owner)} on ${owner.slot}`
}

/** Where an owner runs: `pid 4242, dev@build-7`. @param {OwnerView} owner */
export function whereabouts({ pid, user, host }) {
  const place = user !== '' && host !== '' ? `${user}@${host}` : user || host
  return [pid > 0 ? `pid ${pid}` : '', place].filter((fact) => fact !== '').join(', ')
}

/** The class that gives an owner its colour: the same for the same program. @param {string} name */
export function hueOf(name) {
  let hash = 7
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return `hue-${hash % 8}`
}

/** A word for a POSIX shell. @param {string} word */
export function shellWord(word) {
  return /^[\w./:@-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
