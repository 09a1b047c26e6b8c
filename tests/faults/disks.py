"""The disk of a server, which can be full.

As root it is a tmpfs, in a mount namespace of the suite's own, that is made as small as what is in it. Else there is a
limit on the size of the server's files, which is as good as a full disk for every file that grows, but for new ones.
"""

import os
import resource
import subprocess

ROOM = 4 << 30  # bytes; memory is used only for what is written


class TmpfsDisk:
    kind = "tmpfs"

    def __init__(self, path):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0755", "faults", str(path)], check=True)

    def _resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.path)], check=True, stderr=subprocess.DEVNULL)

    def fill(self, pids):
        """As full as it can be made while others write to it."""
        for spare in (16 << 10, 256 << 10, 4 << 20, 64 << 20):
            s = os.statvfs(self.path)
            try:
                self._resize((s.f_blocks - s.f_bfree) * s.f_frsize + spare)
                return
            except subprocess.CalledProcessError:
                continue

    def empty(self, pids):
        self._resize(ROOM)

    def close(self):
        """What is on it is gone; the folder can be removed."""
        subprocess.run(["umount", str(self.path)], check=False)


class LimitedDisk:
    kind = "file size limit"

    def __init__(self, path):
        self.path = path
        path.mkdir()

    @staticmethod
    def _limit(pids, size):
        for pid in pids:
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            except (ProcessLookupError, PermissionError):
                pass

    def fill(self, pids):
        self._limit(pids, 1 << 16)

    def empty(self, pids):
        self._limit(pids, resource.RLIM_INFINITY)

    def close(self):
        pass


def disk_class():
    return TmpfsDisk if os.geteuid() == 0 and os.environ.get("FAULTS_OWN_MOUNTS") else LimitedDisk
