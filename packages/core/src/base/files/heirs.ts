import { fs, path } from '../builtins.js'

/** Whom the directories belong to in which this process works as root. */
const heirs: { readonly directory: string; readonly uid: number; readonly gid: number }[] = []

/**
 * Makes all that is made in a directory from now on belong to the owner of the directory, as npm has it: what root made in a user's home
 * would lock that user out.
 */
export function inheritOwner(directory: string): void {
  if (heirs.some((heir) => heir.directory === directory)) return
  const { uid, gid } = fs.lstatSync(directory)
  heirs.push({ directory, uid, gid })
}

/** Gives what was made just now to the owner of the directory that it is in, where root has made it. */
export function giveToHeir(made: string): void {
  if (heirs.length === 0) return
  const heir = heirs.find(({ directory }) => made.startsWith(directory + path.sep))
  if (heir !== undefined) fs.lchownSync(made, heir.uid, heir.gid)
}
