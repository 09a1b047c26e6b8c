"""All that runs: a NATS server, a Postgres, a publisher, brokers and workers, each with links of its own between them.

Whatever ends by itself is started again, as a service manager would; how it ended is kept.
"""

import collections
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import clocks
import disks
import processes
import servers

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = "noetl"
SETTINGS = {"worker.ack_wait": "3s", "worker.max_deliver": "20", "worker.concurrency": "8", "worker.drain": "3s",
            "broker.reconcile": "2s", "log.level": "debug"}


class Proxy:
    def __init__(self, logs):
        self.process = processes.start([sys.executable, str(HERE.parent / "servers" / "proxy.py")], env=dict(os.environ),
                                       log=logs / "proxy.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def tell(self, *words):
        self.process.stdin.write((" ".join(str(w) for w in words) + "\n").encode())
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def link(self, name, port):
        return int(self.tell("open", name, port))


class Daemon:
    """A part of noetl: `noetl serve PART`."""

    def __init__(self, world, part, number):
        self.world, self.part, self.name = world, part, f"{part}-{number}"
        self.log = world.logs / f"{self.name}.log"
        self.clock = clocks.Clock(world.folder / f"{self.name}.clock", world.clock_library)
        self.process = None
        self.held = False  # is not to be started again for now
        self.start_at = 0.0
        self.pids = []  # of all its lives
        nats = world.proxy.link(f"{self.name}:nats", world.nats.port)
        self.links = [f"{self.name}:nats"]
        self.settings = {"nats.url": f"nats://127.0.0.1:{nats}", **SETTINGS}
        if part in ("broker", "worker"):
            postgres = world.proxy.link(f"{self.name}:postgres", world.postgres.port)
            self.links.append(f"{self.name}:postgres")
            url = f"postgresql://noetl@127.0.0.1:{postgres}/noetl"
            if part == "broker":
                self.settings["postgres.url"] = url
            else:
                credentials = world.folder / f"{self.name}.credentials.yaml"
                credentials.write_text(f'faults: {{type: postgres, url: "{url}"}}\n')
                self.settings["worker.credentials"] = str(credentials)
        if part == "publisher":
            self.settings["publisher.http"] = ""

    def env(self):
        env = {**self.world.clean_env(), **{f"NOETL_{k.upper().replace('.', '_')}": v for k, v in self.settings.items()}}
        env["FAULTS_EFFECTS"] = str(self.world.effects)
        return {**env, **self.clock.env()}

    def start(self):
        self.process = processes.start([self.world.binary, "serve", self.part], env=self.env(), log=self.log)
        self.pids.append(self.process.pid)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        processes.send([self.process.pid], signal.SIGKILL)
        self.process.wait()

    def pause(self):
        processes.send([self.process.pid], signal.SIGSTOP)

    def go_on(self):
        processes.send([self.process.pid], signal.SIGCONT)


class World:
    def __init__(self, folder, binary, seed, brokers, workers, clock_library):
        rng = random.Random(f"ports {seed} {os.getpid()}")
        self.folder, self.binary, self.clock_library = folder, binary, clock_library
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.effects = folder / "effects"
        self.effects.touch(0o666)
        disk = disks.disk_class()
        self.nats = servers.Nats(disk(folder / "nats"), self.logs, rng)
        self.postgres = servers.Postgres(disk(folder / "postgres"), self.logs, rng)
        self.postgres.clock = clocks.Clock(folder / "postgres.clock", clock_library)
        self.postgres.more_env = self.postgres.clock.env()
        self.proxy = Proxy(self.logs)
        self.endings = collections.Counter()  # of what ended by itself
        self.crashes = []
        self.reset_at_end = {}  # link -> whether its connections are reset when it is mended
        self.stranger = None
        self.daemons = [Daemon(self, "publisher", 1)]
        self.daemons += [Daemon(self, "broker", n + 1) for n in range(brokers)]
        self.daemons += [Daemon(self, "worker", n + 1) for n in range(workers)]

    @staticmethod
    def clean_env():
        return {k: v for k, v in os.environ.items() if not k.startswith(("NOETL_", "NATS_", "PG"))}

    def parts(self, *names):
        return [d for d in self.daemons if d.part in names]

    def start(self):
        self.postgres.create()
        self.postgres.ensure()
        self.postgres.query("CREATE TABLE effect (execution_id bigint, step text, attempt int, at timestamptz DEFAULT now())")
        self.nats.ensure()
        env = {**self.clean_env(), "NOETL_NATS_URL": f"nats://127.0.0.1:{self.nats.port}",
               "NOETL_POSTGRES_URL": self.postgres.url}
        env.update({f"NOETL_{k.upper().replace('.', '_')}": v for k, v in SETTINGS.items()})
        subprocess.run([self.binary, "setup"], env=env, check=True, stdout=subprocess.DEVNULL, timeout=60)
        for daemon in self.daemons:
            daemon.start()

    def tend(self):
        """Starts again what ended by itself."""
        now = time.monotonic()
        for server in (self.nats, self.postgres):
            if not server.held and not server.running():
                self.endings[f"{server.name} code {server.process.returncode}"] += 1
                server.launch()
        for daemon in self.daemons:
            if daemon.held or daemon.running():
                continue
            if daemon.process is not None:
                self._note_end(daemon)
                daemon.process = None
                daemon.start_at = now + 0.5
            elif now >= daemon.start_at:
                daemon.start()

    def _note_end(self, daemon):
        code = daemon.process.returncode
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        self.endings[f"{daemon.part} {how}"] += 1
        if code < 0:
            self.crashes.append(f"{daemon.name} (pid {daemon.process.pid}) ended by {how}; see {daemon.log}")

    def heal(self):
        """Everything as it was at the start; what is away is started."""
        for daemon in self.daemons:
            daemon.held = False
            daemon.clock.set(0)
            if daemon.running():
                daemon.go_on()
            for link in daemon.links:
                self.proxy.tell("set", link, "pass")
        self.postgres.clock.set(0)
        for server in (self.nats, self.postgres):
            server.held = False
            server.go_on()
            server.disk.empty(server.pids())
            server.ensure()
        self.tend()

    def stop(self):
        for daemon in self.daemons:
            daemon.held = True
            if daemon.running():
                daemon.go_on()
                daemon.process.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            if daemon.process is not None:
                processes.end(daemon.process)
        for server in (self.nats, self.postgres):
            if server.running():
                server.go_on()
                server.stop()
            server.disk.close()
        processes.end(self.proxy.process)
