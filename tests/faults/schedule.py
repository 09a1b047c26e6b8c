"""When which fault happens to whom: a function of the seed. Every kind comes once before any comes again."""

import collections
import random
import time

import injectors

AT_ONCE = 3  # faults


class Schedule:
    def __init__(self, world, kinds, seed, gap, journal):
        self.world, self.kinds, self.gap, self.journal = world, kinds, gap, journal
        self.rng = random.Random(f"faults {seed}")
        self.deck = []
        self.active = []  # (until, kind, resource, target, entry)
        self.next_at = time.monotonic() + 1
        self.counts = collections.Counter()

    def tick(self, may_begin):
        now = time.monotonic()
        for fault in [f for f in self.active if f[0] <= now]:
            self._end(fault)
        if may_begin and now >= self.next_at and len(self.active) < AT_ONCE:
            self._begin(now)
            self.next_at = time.monotonic() + self.rng.uniform(*self.gap)

    def end_all(self):
        for fault in list(self.active):
            self._end(fault)

    def _begin(self, now):
        if not self.deck:
            self.deck = self.rng.sample(self.kinds, len(self.kinds))
        kind = self.deck.pop()
        busy = {fault[2] for fault in self.active}
        loses = kind.loses and any(fault[1].loses for fault in self.active)
        targets = [] if loses else [t for t in kind.targets(self.world) if t[0] not in busy]
        rng = random.Random(self.rng.random())
        if not targets:
            self.deck.insert(0, kind)
            return
        resource, target = rng.choice(targets)
        seconds = rng.uniform(*kind.seconds)
        entry = self.journal.begin(kind.name, resource, target, seconds)
        kind.begin(self.world, target, rng)
        self.active.append((now + seconds, kind, resource, target, entry))
        self.counts[kind.name] += 1

    def _end(self, fault):
        self.active.remove(fault)
        _, kind, _, target, entry = fault
        kind.end(self.world, target)
        self.journal.end(entry)


def choose_kinds(world, only, without):
    """By the beginnings of their names."""
    names = [kind.name for kind in injectors.KINDS]
    for beginning in [*only, *without]:
        if not any(name.startswith(beginning) for name in names):
            raise SystemExit(f"there is no fault \"{beginning}\"; --list shows them")

    def is_chosen(kind):
        if any(kind.name.startswith(beginning) for beginning in without):
            return False
        return not only or any(kind.name.startswith(beginning) for beginning in only)

    return [kind for kind in injectors.KINDS if is_chosen(kind) and kind.targets(world)]
