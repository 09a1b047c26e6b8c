"""What is asked of the world: executions at a rate, a part by request and a part by command, and what steers them.

Every request is sent until it was answered, with the same key each time: so each must have led to one execution, which
has the request's tag in its workload.
"""

import dataclasses
import json
import random
import threading
import time

import nats
import playbooks


@dataclasses.dataclass
class Asked:
    tag: str
    playbook: object
    workload: dict
    execution_id: str = None
    taken: tuple = None  # between when and when, on the monotonic clock; and so each message that steers it
    steered: list = dataclasses.field(default_factory=list)


class Load:
    def __init__(self, world, seed, rate, most, most_open):
        self.rng = random.Random(f"load {seed}")
        self.world, self.rate, self.most, self.most_open = world, rate, most, most_open
        self.asked = {}  # tag -> Asked
        self.versions = {}
        self.ended = 0  # as far as the log was looked at
        self.client = nats.Client(world.nats.port, "faults-load")
        self.stop = threading.Event()
        self.slots = threading.Semaphore(24)
        self.threads = []
        self.unexpected = []

    # ---- asking until there is an answer ----

    def insist(self, call):
        """Until it is answered; the answer, and between which times what was asked for was taken. The end of the load does
        not end this: what was asked for must be answered."""
        while True:
            sent = time.monotonic()
            try:
                answer = call()
                return answer, (sent, time.monotonic())
            except nats.Unanswered:
                time.sleep(0.3)

    def operation(self, name, request):
        answer = json.loads(self.client.request(f"noetl.api.{name}", json.dumps(request).encode()).payload)
        kind = answer.get("error", {}).get("kind")
        if kind in ("unavailable", "timeout"):
            raise nats.Unanswered(kind)
        if kind:
            raise nats.Refused(f"{name}: {answer['error']}")
        return answer

    def store(self, subject, payload, message_id):
        """A server that has no room refuses for a while."""
        try:
            return self.client.store(subject, json.dumps(payload).encode(), message_id)
        except nats.Refused as e:
            raise nats.Unanswered(str(e)) from e

    # ---- the catalog ----

    def register(self):
        for name in playbooks.PLAYBOOKS:
            text = playbooks.PLAYBOOKS[name].text
            for other, version in self.versions.items():
                text = text.replace(f"{other.upper()}_VERSION", str(version))
            answer, _ = self.insist(lambda text=text: self.operation("register", {"playbook": text}))
            self.versions[name] = answer["version"]

    # ---- executions ----

    def start(self):
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _run(self):
        names = list(playbooks.PLAYBOOKS)
        weights = [playbooks.PLAYBOOKS[name].weight for name in names]
        due = time.monotonic()
        while not self.stop.is_set() and len(self.asked) < self.most:
            due = max(due + 1 / self.rate, time.monotonic() - 1)
            self.stop.wait(max(0, due - time.monotonic()))
            if len(self.asked) - self.ended >= self.most_open:
                continue
            self.slots.acquire()
            playbook = playbooks.PLAYBOOKS[self.rng.choices(names, weights)[0]]
            asked = Asked(f"t{len(self.asked)}", playbook, playbook.workload(self.rng))
            self.asked[asked.tag] = asked
            thread = threading.Thread(target=self._ask, args=(asked, self.rng.random()), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _ask(self, asked, chance):
        try:
            self._request(asked, chance)
        except Exception as e:  # whatever it is, it must be told
            self.unexpected.append(f"{asked.tag} ({asked.playbook.name}) was not taken: {type(e).__name__}: {e}")
        finally:
            self.slots.release()

    def _request(self, asked, chance):
        name = asked.playbook.name
        request = {"path": f"faults/{name}", "version": self.versions[name], "idempotency_key": asked.tag,
                   "workload": {**asked.workload, "tag": asked.tag}}
        if not asked.playbook.steer and chance < 0.3:
            _, asked.taken = self.insist(lambda: self.store("noetl.commands.run", request, f"run-{asked.tag}"))
            return
        answer, asked.taken = self.insist(lambda: self.operation("run", request))
        asked.execution_id = answer["execution_id"]
        for step in asked.playbook.steer:
            time.sleep(chance)
            more = {"name": "go", "payload": {"n": asked.workload.get("n")}} if step == "signal" else {}
            command = {"execution_id": asked.execution_id, **more}
            _, taken = self.insist(lambda step=step, command=command: self.store(f"noetl.commands.{step}", command,
                                                                                 f"{step}-{asked.tag}"))
            asked.steered.append(taken)

    def is_answered(self):
        """Whether all that was asked for has its answer. None comes without `stop`."""
        return not any(thread.is_alive() for thread in self.threads)

    def troubles(self):
        late = sum(thread.is_alive() for thread in self.threads)
        return self.unexpected + ([f"{late} requests were not answered after the last fault"] if late else [])
