import { readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const file = process.env.NOTES_FILE ?? join(homedir(), '.__name__.json')

export function readNotes() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/** Two concurrent calls would lose a note: the command that calls this holds a lock. */
export function addNote(text) {
  const notes = readNotes()
  const note = { id: notes.length + 1, text }
  writeFileSync(file, JSON.stringify([...notes, note], undefined, 2))
  return note
}
