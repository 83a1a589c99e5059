import { fs, path } from '../builtins.js'

/** Owners of the directories in which this process works as root. */
const owners: { readonly directory: string; readonly uid: number; readonly gid: number }[] = []

/**
 * Gives everything created in a directory from now on to the directory's owner, as npm does: root's files in a user's home would lock
 * that user out.
 */
export function inheritOwner(directory: string): void {
  if (owners.some((owner) => owner.directory === directory)) return
  const { uid, gid } = fs.lstatSync(directory)
  owners.push({ directory, uid, gid })
}

/** Gives a file that root has just created to the owner of its directory. */
export function giveToOwner(created: string): void {
  if (owners.length === 0) return
  const owner = owners.find(({ directory }) => created.startsWith(directory + path.sep))
  if (owner !== undefined) fs.lchownSync(created, owner.uid, owner.gid)
}
