"""Whoever else may publish: sends again what was sent before, under other message ids, and sends what is no message.

What is sent again means something only if it is taken twice. What is garbage here must stay without any meaning: no
correct outcome with another result, no correct command for an execution that runs. Those would be orders, not faults.
"""

import collections
import json
import os
import threading
import time

import nats

KEPT = 30000
PAUSES = 0.004  # seconds between two messages
PARTITIONS = 32  # events.partitions

# A request of this kind that comes again is another order: after a resume a second pause is meant to pause.
ORDERS = ("pause", "resume", "retry", "pause_requested", "resume_requested", "retry_requested")
FACTS = ("action_completed", "action_error", "timer_fired", "child_completed", "child_failed", "execution_requested",
         "step_started", "execution_start", "nonsense")
OPERATIONS = ("register", "playbooks", "playbook", "run", "cancel", "pause", "resume", "signal", "retry", "status",
              "show", "list", "render", "nonsense")
COMMANDS = ("run", "cancel", "pause", "resume", "signal", "retry", "nonsense")
ADVISORIES = ("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.NOETL_TASKS.default",
              "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.NOETL_TASKS.default")
SHAPES = [b"", b"\0\xff\xfe", b"{", b"[]", b"1", b"null", b'"text"', b"{}", b'{"execution_id": 7}',
          b'{"execution_id": {"a": []}, "name": 1}', b'{"execution_id": "1", "execution_id": "2"}',
          b'{"path": ["faults/chain"]}', b'{"path": "faults/no such"}', b'{"stream_seq": -1, "deliveries": "x"}',
          b"[" * 10000, b'{"a":' * 3000, b'{"execution_id": "99999999999999999999999999"}']


def partition_of(execution_id, partitions):
    """As docs/ARCHITECTURE.md says it: FNV-1a of the id as text."""
    h = 2166136261
    for byte in execution_id.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h % partitions


class Stranger:
    def __init__(self, world):
        self.client = nats.Client(world.nats.port, "faults-stranger")
        self.seen = collections.deque(maxlen=KEPT)
        self.tasks = collections.deque(maxlen=KEPT)
        for subject in ("noetl.events.>", "noetl.commands.>", "noetl.live.>", "noetl.tasks.>", "$KV.noetl_catalog.>",
                        "$JS.EVENT.ADVISORY.CONSUMER.*.NOETL_TASKS.*"):
            self.client.subscribe(subject, self._see)
        self.sent = collections.Counter()
        self.thread = None
        self.stop = threading.Event()
        self.own = set()  # subjects and payloads of garbage, so that it is not taken for what others sent

    def _see(self, message):
        if (message.subject, message.payload) in self.own:
            return
        if message.subject.startswith("noetl.tasks."):
            self.tasks.append(message)
        elif message.subject.rpartition(".")[2] not in ORDERS:
            self.seen.append(message)

    # ---- as a fault ----

    def begin(self, act, rng):
        self.stop.clear()
        self.thread = threading.Thread(target=self._run, args=(act, rng), daemon=True)
        self.thread.start()

    def _run(self, act, rng):
        while not self.stop.wait(PAUSES):
            try:
                act(rng)
            except (nats.Unanswered, IndexError):
                time.sleep(0.2)

    def end(self):
        self.stop.set()
        if self.thread:
            self.thread.join()
        self.thread = None

    # ---- what it does ----

    def _again(self, message):
        self.client.publish(message.subject, message.payload, {"Nats-Msg-Id": os.urandom(8).hex()})

    def replay(self, rng):
        self._again(rng.choice(self.seen))
        self.sent["duplicates"] += 1

    def replay_tasks(self, rng):
        self._again(rng.choice(self.tasks))
        self.sent["duplicate tasks"] += 1

    def litter(self, rng):
        subject, payload = self._garbage(rng)
        self.own.add((subject, payload))
        self.client.publish(subject, payload, {"Nats-Msg-Id": os.urandom(8).hex()} if rng.random() < 0.5 else None)
        self.sent["garbage"] += 1

    def _payload(self, rng):
        """No message: a shape, random bytes, or the beginning of a message."""
        choice = rng.randrange(4)
        if choice == 0:
            return os.urandom(rng.randrange(200))
        if choice == 1:
            whole = rng.choice(self.seen).payload
            return whole[:rng.randrange(max(1, len(whole) - 1))]
        return rng.choice(SHAPES)

    def _garbage(self, rng):
        payload = self._payload(rng)
        place = rng.randrange(9)
        if place == 0:
            return f"noetl.commands.{rng.choice(COMMANDS)}", payload
        if place == 1:
            return f"noetl.api.{rng.choice(OPERATIONS)}", payload
        if place == 2:
            return f"$KV.noetl_catalog.faults/garbage-{rng.randrange(5)}", payload
        if place == 3:
            return rng.choice(ADVISORIES), payload
        if place == 4:
            return f"noetl.live.{rng.choice(['1', 'x', '-1'])}.{rng.choice(FACTS)}", payload
        if place == 5:
            return f"noetl.tasks.default.{rng.choice(['1', 'x', str(2**62)])}.{rng.choice(['s1v1a1', 'x'])}", payload
        if place == 6:
            return (f"noetl.events.{rng.choice(['0', '31', '32', '999', 'x'])}."
                    f"{rng.choice(['1', '0', '-1', 'x', str(2**62), str(2**70)])}.{rng.choice(FACTS)}", payload)
        return self._of_an_execution(rng, payload)

    def _of_an_execution(self, rng, payload):
        """On the subject of a real fact: a broken payload, or an outcome whose token is not the task's."""
        if rng.random() < 0.5:
            message = rng.choice([m for m in list(self.seen)[-200:] if m.subject.startswith("noetl.events.")])
            return f"{message.subject.rpartition('.')[0]}.{rng.choice(FACTS)}", payload
        return self._forged(rng)

    def _forged(self, rng):
        """The outcome of a task that may still run, without its token."""
        task = json.loads(rng.choice(list(self.tasks)[-50:]).payload)
        execution_id = task["execution_id"]
        partition = partition_of(execution_id, PARTITIONS)
        outcome = {"execution_id": execution_id, "event_type": "action_completed", "node_name": task["step"],
                   "node_type": task["type"], "task_id": task["task_id"], "visit": task["visit"],
                   "attempt": task["attempt"], "result": {"status": "success", "data": "forged"},
                   "meta": {"token": rng.choice(["forged", "", None, 7]), "worker": "stranger", "delivery": 1}}
        return f"noetl.events.{partition}.{execution_id}.action_completed", json.dumps(outcome).encode()
