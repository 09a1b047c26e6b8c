"""The faults that there are: a table of kinds, each with its targets, how it begins, and how it is healed."""

import dataclasses

import disks


@dataclasses.dataclass
class Kind:
    name: str
    targets: object  # world -> list of (resource, target); no two faults at a time have the same resource
    begin: object  # (world, target, rng)
    end: object  # (world, target)
    seconds: tuple  # shortest, longest
    note: str = ""
    loses: bool = False  # what was confirmed; no two such faults at a time, for what the log lost the stream must have


KINDS = []


def kind(name, targets, begin, end, seconds, **more):
    KINDS.append(Kind(name, targets, begin, end, seconds, **more))


def nothing(*_):
    pass


# ---- processes -------------------------------------------------------------------------------------------------

def daemons(part):
    return lambda world: [(d.name, d) for d in world.parts(part)]


def kill_daemon(world, daemon, rng):
    daemon.held = True
    if daemon.running():
        daemon.kill()
    daemon.process = None


def term_daemon(world, daemon, rng):
    daemon.held = True
    if daemon.running():
        daemon.process.terminate()


def start_daemon(world, daemon):
    if daemon.running():  # told to end, and it took longer
        daemon.kill()
    daemon.process = None
    daemon.held = False
    daemon.start()


def pause(world, target, rng):
    if target.running():
        target.pause()


def go_on(world, target):
    if target.running():
        target.go_on()


for part in ("broker", "worker", "publisher"):
    kind(f"kill-{part}", daemons(part), kill_daemon, start_daemon, (0, 2))
for part in ("broker", "worker"):
    kind(f"stop-{part}", daemons(part), pause, go_on, (1, 6))
for part in ("broker", "worker"):
    kind(f"term-{part}", daemons(part), term_daemon, start_daemon, (4, 6))


# ---- servers ---------------------------------------------------------------------------------------------------

def server(name):
    return lambda world: [(name, getattr(world, name))]


def kill_server(world, target, rng):
    target.held = True
    if target.running():
        target.kill()


def start_server(world, target):
    target.ensure()
    target.held = False


for name in ("nats", "postgres"):
    kind(f"kill-{name}", server(name), kill_server, start_server, (0, 3))
    kind(f"stop-{name}", server(name), pause, go_on, (1, 5))


# ---- the network -----------------------------------------------------------------------------------------------

def links(part, server_name):
    return lambda world: [(f"{d.name}:{server_name}",) * 2 for d in world.parts(part)]


def mode(name, *more):
    return lambda world, link, rng: world.proxy.tell("set", link, name, *more)


def hold(world, link, rng):
    """Nothing arrives, both ways or one, and nobody is told."""
    world.proxy.tell("set", link, rng.choice(["hold", "hold", "hold-out", "hold-in"]))
    world.reset_at_end[link] = rng.random() < 0.5


def slow(world, link, rng):
    world.proxy.tell("set", link, "slow", rng.choice([20, 80, 200]))


def mend(world, link):
    if world.reset_at_end.pop(link, False):
        world.proxy.tell("reset", link)
    world.proxy.tell("set", link, "pass")


for part, name in (("broker", "nats"), ("worker", "nats"), ("broker", "postgres"), ("worker", "postgres"),
                   ("publisher", "nats")):
    kind(f"cut-{part}-{name}", links(part, name), mode("cut"), mend, (0.5, 4))
    kind(f"hold-{part}-{name}", links(part, name), hold, mend, (1, 7))
    if part != "publisher":
        kind(f"slow-{part}-{name}", links(part, name), slow, mend, (2, 5))


# ---- disks -----------------------------------------------------------------------------------------------------

def fill(world, target, rng):
    target.disk.fill(target.pids())


def empty(world, target):
    target.disk.empty(target.pids())
    target.ensure()


def empty_and_restart(world, target):
    """nats-server 2.9 does not get over it: some of its threads wait for ever, and streams do not answer."""
    target.held = True
    target.disk.empty(target.pids())
    if target.running():
        target.stop()
    target.ensure()
    target.held = False


kind("full-disk-nats", server("nats"), fill, empty_and_restart, (2, 5), loses=True,
     note=disks.disk_class().kind + ", then a restart")
kind("full-disk-postgres", server("postgres"), fill, empty, (2, 5), note=disks.disk_class().kind)


# ---- an older copy of the store --------------------------------------------------------------------------------

def copy_store(world, target, rng):
    target.held = True
    target.stop()
    target.copy_store(world.folder / f"{target.name}-copy")
    target.ensure()
    target.held = False


def put_back(world, target):
    target.held = True
    if target.running():
        target.stop()
    target.put_store_back(world.folder / f"{target.name}-copy")
    target.ensure()
    target.held = False


for name in ("nats", "postgres"):
    kind(f"restore-{name}", server(name), copy_store, put_back, (4, 10), loses=True)


# ---- messages that nobody of noetl sent ------------------------------------------------------------------------

def strangers(world):
    return [("stranger", world.stranger)]


kind("duplicates", strangers, lambda world, stranger, rng: stranger.begin(stranger.replay, rng),
     lambda world, stranger: stranger.end(), (2, 5))
kind("duplicate-tasks", strangers, lambda world, stranger, rng: stranger.begin(stranger.replay_tasks, rng),
     lambda world, stranger: stranger.end(), (2, 5))
kind("garbage", strangers, lambda world, stranger, rng: stranger.begin(stranger.litter, rng),
     lambda world, stranger: stranger.end(), (2, 5))


# ---- clocks ----------------------------------------------------------------------------------------------------

def clocks(part):
    return lambda world: [(f"{d.name}:clock", d) for d in world.parts(part)] if world.clock_library else []


def step_clock(world, target, rng):
    target.clock.set(rng.choice([-3600, -90, -2, 2, 90, 3600]))


def right_clock(world, target):
    target.clock.set(0)


for part in ("broker", "worker", "publisher"):
    kind(f"clock-{part}", clocks(part), step_clock, right_clock, (2, 5), note="CLOCK_REALTIME of the process")
kind("clock-postgres", lambda world: [("postgres:clock", world.postgres)] if world.clock_library else [], step_clock,
     right_clock, (2, 5), note="CLOCK_REALTIME of the process")
