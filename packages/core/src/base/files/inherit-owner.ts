import { fs, path } from '../builtins.js'

/** Owners of the directories in which this process works as root. */
const heirs: { readonly directory: string; readonly uid: number; readonly gid: number }[] = []

/**
 * Gives everything created in a directory from now on to the directory's owner, as npm does: root's files in a user's home would lock
 * that user out.
 */
export function inheritOwner(directory: string): void {
  if (heirs.some((heir) => heir.directory === directory)) return
  const { uid, gid } = fs.lstatSync(directory)
  heirs.push({ directory, uid, gid })
}

/** Gives a file that root has just created to the owner of its directory. */
export function giveToHeir(made: string): void {
  if (heirs.length === 0) return
  const heir = heirs.find(({ directory }) => made.startsWith(directory + path.sep))
  if (heir !== undefined) fs.lchownSync(made, heir.uid, heir.gid)
}
