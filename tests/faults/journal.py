"""What was done to whom, from when to when: for who reads it afterwards, and to find what a second effect follows from."""

import time


class History:
    def __init__(self, entries, offset):
        self.entries = entries
        self.offset = offset  # from the monotonic clock to the calendar, in seconds

    def monotonic(self, wall_ns):
        """The monotonic time, which the effects have, of a time of this machine's calendar."""
        return wall_ns / 10**9 - self.offset


class Journal(History):
    def __init__(self, path):
        super().__init__([], time.time() - time.monotonic())
        self.file = open(path, "w", buffering=1)
        self.began = time.monotonic()

    def say(self, text):
        self.file.write(f"{time.time():.3f} +{time.monotonic() - self.began:8.3f} {text}\n")

    def begin(self, kind, resource, target, seconds):
        process = getattr(target, "process", None)
        entry = {"kind": kind, "resource": resource, "from": time.monotonic(), "to": None,
                 "pid": process.pid if process else None}
        self.entries.append(entry)
        self.say(f"begin {kind} {resource} for {seconds:.2f} s" + (f" pid {entry['pid']}" if entry["pid"] else ""))
        return entry

    def end(self, entry):
        entry["to"] = time.monotonic()
        self.say(f"end   {entry['kind']} {entry['resource']}")
