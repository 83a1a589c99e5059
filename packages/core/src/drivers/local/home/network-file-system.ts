import type { FileSystem } from './file-system.js'

/**
 * `f_type` of file systems that several kernels can mount at once, from statfs(2), the kernel's magic.h and the sources of those
 * outside it: network and cluster file systems, and folders that a virtual machine shares with its host.
 */
const NETWORK_TYPES: readonly number[] = [
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9p
  0x5346414f, // AFS (OpenAFS)
  0x6b414653, // AFS (Linux)
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x73757245, // Coda
  0x564c, // NCP
  0x01161970, // GFS2
  0x7461636f, // OCFS2
  0x19830326, // BeeGFS
  0x20030528, // OrangeFS
  0xaad7aaea, // PanFS
  0xbeefdead, // StorNext
  0x013111a8, // IBRIX
  0x61636673, // ACFS
  0x786f4256, // vboxsf, VirtualBox
  0xbacbacbc, // vmhgfs, VMware
  0x7c7c6673, // prl_fs, Parallels
  0x65735546, // FUSE and virtiofs: sshfs, GlusterFS, Docker Desktop's folders; a local one cannot be told apart
]

/** Returns whether a directory is on a network file system; false if the platform does not say. */
export function isNetworkFileSystem(path: string, fileSystem: FileSystem): boolean {
  const type = fileSystem.fileSystemType(path)
  return type !== undefined && NETWORK_TYPES.includes(type)
}
