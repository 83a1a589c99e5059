import type { FileSystem } from './file-system.js'

/** `f_type` of the network file systems, from statfs(2) and the kernel's magic.h. */
const NETWORK_TYPES: readonly number[] = [
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9p
  0x5346414f, // AFS
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x73757245, // Coda
  0x65735546, // FUSE: sshfs, virtiofs; a local one cannot be told apart
]

/** Tells whether a directory is on a network file system; false where the platform does not say. */
export function isNetworkFileSystem(path: string, fileSystem: FileSystem): boolean {
  const type = fileSystem.fileSystemType(path)
  return type !== undefined && NETWORK_TYPES.includes(type)
}
