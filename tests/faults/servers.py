"""nats-server and Postgres, private to the suite, that can be killed, stopped, filled up, and set back to a copy."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

import processes


def find(name, *folders):
    path = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/bin"]))
    if not path:
        raise FileNotFoundError(f"the program {name} is not installed")
    return path


def nats_program():
    """Another one than the installed, where tests are told to use that."""
    return find(os.environ.get("NOETL_NATS_SERVER") or "nats-server")


def nats_version():
    said = subprocess.run([nats_program(), "--version"], capture_output=True, text=True, check=True).stdout
    return said.strip().replace(": v", " ")


class Server:
    """What both have in common. A process that the suite did not end counts as ended by itself."""

    def __init__(self, name, disk, logs, rng):
        self.name, self.disk = name, disk
        self.log = logs / f"{name}.log"
        self.port = processes.free_port(rng)
        self.process = None
        self.held = False  # is not to be started again for now

    def running(self):
        return self.process is not None and self.process.poll() is None

    def pids(self):
        return processes.tree(self.process.pid) if self.running() else []

    def kill(self):
        processes.send([self.process.pid], signal.SIGKILL)
        self.process.wait()

    def pause(self):
        processes.send(self.pids(), signal.SIGSTOP)

    def go_on(self):
        processes.send(self.pids(), signal.SIGCONT)

    def copy_store(self, to):
        """Of a stopped server. Its files keep their owner."""
        shutil.rmtree(to, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.store), str(to)], check=True)

    def put_store_back(self, copy):
        shutil.rmtree(self.store)
        subprocess.run(["cp", "-a", str(copy), str(self.store)], check=True)

    def ensure(self, seconds=60):
        """Running and ready, whatever was before."""
        until = time.monotonic() + seconds
        while not self.try_start(until):
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} does not start; see {self.log}")
            time.sleep(0.2)

    def try_start(self, until):
        if not self.running():
            self.launch()
        while self.running() and time.monotonic() < until:
            if self.ready():
                return True
            time.sleep(0.05)
        return False


class Nats(Server):
    def __init__(self, disk, logs, rng):
        super().__init__("nats", disk, logs, rng)
        self.program = nats_program()
        self.store = disk.path / "store"
        self.configuration = logs / "nats.conf"
        self.configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\nserver_name: "faults"\n'
            f'jetstream {{ store_dir: "{self.store}", max_file_store: 16GB, max_memory_store: 256MB }}\n')

    def launch(self):
        self.process = processes.start([self.program, "-c", str(self.configuration)], env=dict(os.environ), log=self.log)

    def ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as s:
                s.settimeout(1)
                return s.recv(4) == b"INFO"
        except OSError:
            return False

    def stop(self):
        processes.end(self.process, 5)


class Postgres(Server):
    def __init__(self, disk, logs, rng):
        super().__init__("postgres", disk, logs, rng)
        installed = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
        self.programs = [str(p) for p in reversed(installed)]
        self.data = self.store = disk.path / "data"
        self.more_env = {}
        self.user = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            self.user = (entry.pw_uid, entry.pw_gid)
            os.chown(disk.path, *self.user)
        self.env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        self.url = f"postgresql://noetl@127.0.0.1:{self.port}/noetl"

    def create(self):
        self._run([find("initdb", *self.programs), "-D", str(self.data), "--username=noetl", "--auth=trust",
                   "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"])
        with open(self.data / "postgresql.conf", "a") as f:
            f.write(f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nfsync=off\njit=off\n"
                    "max_connections=400\nmax_wal_size=256MB\nlog_checkpoints=off\ntrack_commit_timestamp=on\n")
        self._run([find("postgres", *self.programs), "--single", "-D", str(self.data), "template1"],
                  b"CREATE DATABASE noetl\n")

    def _run(self, command, text=b""):
        process = processes.start(command, env=self.env, log=self.log, stdin=subprocess.PIPE, user=self.user)
        process.communicate(text)
        if process.returncode != 0:
            raise RuntimeError(f"{command[0]} failed; see {self.log}")

    def launch(self):
        self.process = processes.start([find("postgres", *self.programs), "-D", str(self.data)],
                                       env={**self.env, **self.more_env}, log=self.log, user=self.user)

    def ready(self):
        try:
            return self.query("SELECT 1", seconds=5) == [["1"]]
        except subprocess.SubprocessError:
            return False

    def pause(self):
        # Twice: one may be born while the others are counted.
        super().pause()
        super().pause()

    def kill(self):
        """The postmaster; its children end when they notice."""
        super().kill()

    def stop(self):
        processes.end(self.process, 20, signal.SIGINT)

    def query(self, sql, seconds=30):
        """Rows as lists of text. Directly, not by way of the proxy."""
        done = subprocess.run(
            [find("psql", *self.programs), "-XAtq", "-v", "ON_ERROR_STOP=1", "-R", "\x1e", "-F", "\x1f",
             "-d", self.url, "-c", sql],
            env={**self.env, "PGCONNECT_TIMEOUT": "3"}, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
        if done.returncode != 0:
            raise subprocess.SubprocessError(done.stderr.decode("utf-8", "replace").strip())
        text = done.stdout.decode("utf-8", "replace").removesuffix("\n")
        return [row.split("\x1f") for row in text.split("\x1e")] if text else []
