"""Processes of the suite: each is known by its pid, ends with the suite, and is ended by its pid."""

import ctypes
import os
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)

# Below the ports that a system gives to outgoing connections: nobody takes one while its server is away.
FIRST_PORT, LAST_PORT = 20000, 32000


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, *, env, log, cwd="/", stdin=subprocess.DEVNULL, stdout=None, user=None):
    """From the main thread: the process ends with the thread that started it. `log` is the path of what it says."""
    with open(log, "ab") as output:
        more = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        return subprocess.Popen(command, env=env, cwd=cwd, stdin=stdin, stdout=stdout or output, stderr=output,
                                start_new_session=True, preexec_fn=end_with_parent, **more)


def free_port(rng):
    while True:
        port = rng.randrange(FIRST_PORT, LAST_PORT)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def tree(pid):
    """A process and all below it."""
    found = [pid]
    for parent in found:
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as f:
                found += [int(child) for child in f.read().split()]
        except OSError:
            pass
    return found


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def end(process, seconds=15, polite=signal.SIGTERM):
    """Asks it to end, and kills it if it does not; gives its exit code."""
    if process.poll() is None:
        process.send_signal(polite)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def await_true(what, seconds, condition, pause=0.05):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)
