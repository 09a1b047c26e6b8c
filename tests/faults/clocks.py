"""The wall clock of a process, which can be stepped: clock_step.c, loaded into it, reads how far it is off.

nats-server is not touched: a Go program asks the kernel itself, and a step of the whole machine's clock would be
everybody's.
"""

import os
import struct


class Clock:
    def __init__(self, path, library):
        self.path, self.library = path, library
        path.write_bytes(bytes(8))

    def set(self, seconds):
        with open(self.path, "r+b") as f:  # in place: the processes have it mapped
            f.write(struct.pack("q", seconds * 10**9))

    def env(self):
        """Of the processes that have this clock."""
        if not self.library:
            return {}
        return {"LD_PRELOAD": str(self.library), "FAULTS_CLOCK": str(self.path),
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
