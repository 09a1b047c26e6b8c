"""Decides, from the evidence and from what was asked for, whether all went as it must. It knows the playbooks' meaning
(playbooks.py) and nothing of the engine. Each anomaly is a sentence."""

import collections
import json
import re

import playbooks
from evidence import FINAL

OUTCOMES = ("action_completed", "action_error")
STEP_ENDS = ("step_completed", "step_failed", "step_skipped")
FACTS = OUTCOMES + ("action_lost", "execution_requested", "child_completed", "child_failed", "timer_fired", "signal_received",
                    "cancel_requested", "pause_requested", "resume_requested", "retry_requested")
WORKERS_FAULTS = ("kill-worker", "stop-worker", "term-worker", "cut-worker-nats", "hold-worker-nats", "slow-worker-nats")
SERVERS_FAULTS = ("kill-nats", "stop-nats", "full-disk-nats", "restore-nats", "duplicate-tasks")
LOSSES = ("full-disk-nats", "restore-nats")
# Faults with which a broker may lose a partition, as it ends or another takes it, before the log has what it told of.
BROKERS_FAULTS = ("kill-broker", "stop-broker", "term-broker", "cut-broker-nats", "hold-broker-nats", "slow-broker-nats",
                  "cut-broker-postgres", "hold-broker-postgres", "slow-broker-postgres", "kill-nats", "stop-nats")
NOT_WAITED_FOR = re.compile(r"execution (\d+), which it is a part of, does not wait for it any more")
LOOKED = 2.0  # seconds at most from a worker's look for an outcome to the effect, where its log does not tell the time
LOOKING = 2.0  # seconds at most that a look takes
TOLD = 2.0  # seconds at most from an effect to its outcome in the stream
LATE = 60.0  # seconds at most from a look to the effect
KILLERS = ("kill-nats", "restore-nats", "full-disk-nats")
PATIENCE = 15.0  # seconds from the end of a fault in which what follows from it may come


def overlaps(spans, at, until=None):
    """Whether the time, or what lies between the two, is within one of the spans, or touches it."""
    return any(begin <= (until or at) and at <= end for begin, end in spans)


class Checker:
    def __init__(self, evidence, asked, journal, workers=None):
        self.e, self.asked, self.journal = evidence, asked, journal
        self.workers = workers or {}  # name -> pids of all its lives
        self.gone = self._times(LOSSES)
        self.set_back = self._times(("restore-postgres",))  # the log comes again from the stream; rows of steps do not
        self.log_gone = self._times(("restore-postgres", *BROKERS_FAULTS), PATIENCE)
        self.anomalies = []
        self.left_over = 0  # messages of work queues that nobody will ever get
        self.unsettled = 0  # of which a server that was killed thinks that somebody has them
        self.killed = any(entry["kind"] in KILLERS for entry in journal.entries)
        self.lost = 0
        self.waiting = set()  # for what was lost with the streams
        self.second = collections.Counter()
        self.by_tag = collections.defaultdict(list)
        self.deliveries = self._deliveries()
        self.callers = collections.defaultdict(set)  # tag of a sub-playbook -> who asks for it, as the stream has it
        self.given_up = collections.defaultdict(set)  # (execution id, step) -> attempts that the stream has as lost
        self.facts_of = collections.defaultdict(list)  # execution id -> what the stream has of it
        for fact in self.e.facts:
            self.facts_of[fact.execution_id].append(fact)
            if fact.type == "execution_requested" and tag_of(fact) and caller_of(fact):
                self.callers[tag_of(fact)].add(caller_of(fact))
            if fact.type == "action_lost" and fact.value:
                self.given_up[fact.execution_id, fact.value.get("node_name")].add(fact.value.get("task_id"))

    def _times(self, kinds, behind=0.0):
        """From when to when there were faults of these kinds, and so many seconds behind each."""
        return [(entry["from"], (entry["to"] or float("inf")) + behind) for entry in self.journal.entries
                if entry["kind"] in kinds]

    def may_be_gone(self, at, until=None):
        """Whether a stream may have lost what it took then, or between the two times: it was set back behind that, or its
        disk was full."""
        return overlaps(self.gone, at, until)

    def stored_may_be_gone(self, wall_ns):
        return self.may_be_gone(self.journal.monotonic(wall_ns))

    def say(self, execution_id, text):
        self.anomalies.append(f"execution {execution_id}: {text}" if execution_id else text)

    def check(self):
        for execution_id, rows in self.e.log.items():
            self.by_tag[rows[0].tag].append(execution_id)
            self._check_order(execution_id, rows)
            self._check_end(execution_id, rows)
        known = set()
        for asked in self.asked.values():
            self._check_asked(asked.tag, asked.playbook, asked.workload, known)
        self._check_strangers(known)
        self._check_stream()
        self._check_nothing_open()
        return self.anomalies

    # ---- the log by itself ----

    def _check_order(self, execution_id, rows):
        ids = [row.event_id for row in rows]
        if ids != list(range(1, len(rows) + 1)):
            self.say(execution_id, f"the ids of its events are not 1 to {len(rows)}: {ids}")
        for before, after in zip(rows, rows[1:]):
            lost_between = self.may_be_gone(self.journal.monotonic(before.time_ns), self.journal.monotonic(after.time_ns))
            if after.seq < before.seq and not lost_between:
                self.say(execution_id, f"event {after.event_id} follows from message {after.seq} of the stream, and the "
                                       f"one before it from {before.seq}")
            if after.time_ns < before.time_ns:
                self.say(execution_id, f"event {after.event_id} is older than the one before it")
        outcomes = collections.Counter(row.task_id for row in rows if row.type in OUTCOMES)
        for task_id, count in outcomes.items():
            if count > 1:
                self.say(execution_id, f"the log has {count} outcomes of {task_id}")

    def _check_end(self, execution_id, rows):
        if rows[0].type != "execution_requested":
            self.say(execution_id, f"its first event is {rows[0].type}")
        ends = [row for row in rows if row.type in FINAL]
        if not ends and self._waits_for_what_is_gone(rows):
            self.waiting.add(execution_id)
        elif not ends:
            self.say(execution_id, f"has not ended; its last event is {rows[-1].type} of {rows[-1].node} {rows[-1].task_id}")
        elif len(ends) > 1 or rows[-1].type not in FINAL:
            self.say(execution_id, f"goes on behind its end: {[row.type for row in rows[-3:]]}")

    # ---- what was asked for ----

    def _check_asked(self, tag, playbook, workload, known, least=1, most=1):
        ids = self.by_tag.get(tag, [])
        if len(ids) > most or (len(ids) < least and not self._request_may_be_gone(tag)):
            self.say(None, f"{tag} ({playbook.name}) led to {len(ids)} executions {ids}")
        known.update(ids)
        for execution_id in ids:
            self._check_execution(execution_id, self.e.log[execution_id], playbook, playbook.expect(workload))
        if playbook.name == "parent":
            self._check_children(tag, [row for caller in ids for row in self.e.log[caller]], workload, known)

    def _check_children(self, tag, rows, workload, known):
        """A call that was lost is made anew, and the first may come to light again; of a caller whose request is gone a call
        may be left; and a caller may have heard the end of one of which nothing is left."""
        for branch, (name, given) in playbooks.parent_children(workload).items():
            lost = self._lost_calls(tag, branch, rows)
            gone = not rows or any(row.type.startswith("child_") and row.node == f"faults/{name}" and
                                   self.stored_may_be_gone(row.time_ns) for row in rows)
            self._check_asked(f"{tag}/{branch}", playbooks.PLAYBOOKS[name], given, known, 0 if gone else 1, 1 + lost)

    def _lost_calls(self, tag, branch, rows):
        """How many attempts of a call were given up: the caller's log says so, or, where that is gone or begun anew, the
        stream, of the callers that the requests name."""
        callers = {*self.by_tag.get(tag, ()), *self.callers[f"{tag}/{branch}"]}
        told = {(caller, task_id) for caller in callers for task_id in self.given_up[caller, branch]}
        return max(len(told), sum(row.type == "action_lost" and row.node == branch for row in rows))

    def _check_execution(self, execution_id, rows, playbook, expected):
        name = playbook.name
        last = rows[-1]
        status = last.type.removeprefix("execution_")
        lost = {row.attempt() for row in rows if row.type == "action_lost"}
        self._check_lost(execution_id, lost)
        if self._counts_lost_attempts(rows, name) or self._waits_for_what_is_gone(rows) or \
                self._had_ended_otherwise(execution_id, rows, name, expected):
            return
        if status != expected.status and not (expected.cut_short and status == "complete"):
            self.say(execution_id, f"({name}) ended as {status}, not {expected.status}: {last.error}")
            return
        if status == "complete" and not expected.cut_short and not same(last.result, expected.result):
            self.say(execution_id, f"({name}) its result is {last.result}, not {json.dumps(expected.result)}")
        if expected.error and expected.error not in last.error:
            self.say(execution_id, f"({name}) failed for another reason: {last.error}")
        self._check_runs(execution_id, rows, name, expected)
        self._check_attempts(execution_id, rows, name, expected, lost)
        self._check_effects(execution_id, rows, name, expected)
        self._check_saved(execution_id, rows, expected)

    def _had_ended_otherwise(self, execution_id, rows, name, expected):
        """A sub-playbook whose end, the right one, its caller has heard; the log lost that end, or never had it, and the
        stream lost what led to it. It comes to another, and the caller, which is over by then, does not wait for that."""
        last = rows[-1]
        named = NOT_WAITED_FOR.fullmatch(last.error) if last.type == "execution_cancelled" else None
        if not named or named[1] not in self.by_tag.get(rows[0].tag.rpartition("/")[0], ()):
            return False
        callers = self.e.log[named[1]]
        if callers[-1].type not in FINAL or callers[-1].time_ns > last.time_ns:
            return False
        begun = self.journal.monotonic(min(rows[0].time_ns, callers[0].time_ns))  # either may have been asked for again
        cancelled = self.journal.monotonic(last.time_ns)
        kind = "child_completed" if expected.status == "complete" else "child_failed"
        for row in callers:
            at = self.journal.monotonic(row.time_ns)
            if (row.type, row.node) == (kind, f"faults/{name}") and self._is_of_child(row, named[1], execution_id) and \
                    self._had_ended_as(execution_id, rows, expected, at) and self.may_be_gone(begun, at) and \
                    overlaps(self.log_gone, at, cancelled):
                return True
        return False

    def _is_of_child(self, row, caller, child):
        """Whether the end that a caller heard is that of this sub-playbook: its message says so, or may be gone."""
        for fact in self.facts_of[caller]:
            if (fact.seq, fact.time_ns) == (row.seq, row.time_ns):
                context = fact.value.get("context") if fact.value else None
                return fact.type == row.type and isinstance(context, dict) and context.get("execution_id") == child
        return self.stored_may_be_gone(row.time_ns)

    def _had_ended_as(self, execution_id, rows, expected, at):
        """Whether the stream has an end as it must be, and the log has it not; or has none, which was published when the
        caller was told, and may be gone."""
        ends = [fact for fact in self.facts_of[execution_id] if fact.type in ("execution_complete", "execution_failed")]
        if not ends:
            return self.may_be_gone(at, at + PATIENCE)
        known = {(row.event_id, row.type) for row in rows}
        return any(is_end(fact, expected) and (fact.value.get("event_id"), fact.type) not in known for fact in ends)

    def _request_may_be_gone(self, tag):
        """Of a sub-playbook's execution the log has who asked for it, and it is asked for again."""
        return tag in self.asked and self.asked[tag].taken is not None and self.may_be_gone(*self.asked[tag].taken)

    def _counts_lost_attempts(self, rows, name):
        """Whether the result tells how many attempts there were, in the execution or in one that it called, and some were lost."""
        told = [rows] if name == "retry" else [self.e.log[child] for child in self.by_tag.get(f"{rows[0].tag}/right", [])] \
            if name == "parent" else []
        return any(row.type == "action_lost" for rows in told for row in rows)

    def _waits_for_what_is_gone(self, rows):
        """A signal or a cancellation that was lost with the end of a stream, or of an execution whose request was and came
        again behind it: nobody can know of it."""
        asked = self.asked.get(rows[0].tag)
        begun = self.journal.monotonic(rows[0].time_ns)
        if not asked or not asked.playbook.steer or \
                not any(self.may_be_gone(*taken) or taken[1] < begun for taken in asked.steered):
            return False
        done = {row.node for row in rows if row.type in STEP_ENDS}
        return (asked.playbook.name == "wait" and "late" in done) or (asked.playbook.name == "cancel" and "act" in done)

    def _check_runs(self, execution_id, rows, name, expected):
        runs = collections.Counter(row.node for row in rows if row.type in STEP_ENDS)
        for step in runs.keys() | expected.runs.keys():
            got, want = runs[step], expected.runs.get(step, 0)
            if got > want or (got < want and not expected.cut_short):
                self.say(execution_id, f"({name}) the step {step} ran {got} times, not {want}")

    def _check_lost(self, execution_id, lost):
        """An attempt counts as lost only where its message can be lost."""
        self.lost += len(lost)
        if lost and not any(entry["kind"] in LOSSES for entry in self.journal.entries):
            self.say(execution_id, f"attempts count as lost, and nothing could lose them: {sorted(lost, key=str)}")

    def _check_attempts(self, execution_id, rows, name, expected, lost):
        """Of the steps with effects. A lost attempt is followed by another, which does not count as one."""
        tried = collections.defaultdict(list)
        for row in rows:
            at = row.attempt() if row.type in OUTCOMES else None
            if at:
                tried[at[:3]].append(at[3])
        for place, want in expected.effects.items():
            got = sorted(tried.get(place, []))
            gone = [at[3] for at in lost if at and at[:3] == place]
            enough = len(got) >= want if expected.more_attempts else len(got) == want
            if expected.cut_short:
                enough = len(got) <= want
            if not enough or sorted(got + gone) != list(range(1, len(got + gone) + 1)):
                self.say(execution_id, f"({name}) the attempts of {place} are {got} and the lost ones {gone}, not 1 to "
                                       f"{want}")

    # ---- effects ----

    def _deliveries(self):
        """(execution, step, visit, item, attempt) -> the most deliveries that an outcome in log or stream tells of; and
        since when there is one, on the clock of the effects. One that a stream lost before the log had it is in neither; a
        copy of one that came before the log has its attempt begun is of a life that was lost, and counts for nothing."""
        most = collections.Counter()
        self.stood_at, self.streamed_at = {}, {}  # in either of them; in the stream, as it is now
        self.only_in_log = set()  # of which the log has an outcome that the stream may have lost
        begun = {(execution_id, *row.attempt()): row.time_ns for execution_id, rows in self.e.log.items() for row in rows
                 if row.type in ("step_started", "iteration_started") and row.attempt()}
        for fact in self.e.facts:
            if fact.type in OUTCOMES and fact.value:
                meta = fact.value.get("meta")
                place = place_of(fact)
                if place and isinstance(meta, dict) and isinstance(meta.get("delivery"), int):
                    most[place] = max(most[place], meta["delivery"])
                    if fact.time_ns >= begun.get(place, 0):
                        self.stood_at.setdefault(place, self.journal.monotonic(fact.time_ns))
                        self.streamed_at.setdefault(place, self.journal.monotonic(fact.time_ns))
        for execution_id, rows in self.e.log.items():
            for row in rows:
                at = row.attempt() if row.type in OUTCOMES else None
                if at and row.delivery.isdigit():
                    place, stood_at = (execution_id, *at), self.journal.monotonic(row.time_ns)
                    most[place] = max(most[place], int(row.delivery))
                    self.stood_at[place] = min(self.stood_at.get(place, stood_at), stood_at)
                    if self.may_be_gone(stood_at):
                        self.only_in_log.add(place)
        return most

    def _check_effects(self, execution_id, rows, name, expected):
        lost = {row.attempt() for row in rows if row.type == "action_lost"}
        outcomes = {row.attempt(): row for row in rows if row.type in OUTCOMES}
        for at, row in outcomes.items():
            if at and at[:3] in expected.effects and (execution_id, *at) not in self.e.effects:
                self.say(execution_id, f"({name}) the attempt {at} has an outcome and no effect: {row.type} {row.error}")
        for key in [k for k in self.by_execution().get(execution_id, [])]:
            at = key[1:]
            if at[:3] not in expected.effects:
                self.say(execution_id, f"({name}) an effect of {at}, which its playbook has not")
            elif at not in outcomes and at not in lost and not expected.cut_short and not self._outcome_may_be_gone(key):
                self.say(execution_id, f"({name}) an effect of {at}, of which the log has no outcome")
            if len(self.e.effects[key]) > 1:
                self._check_second(execution_id, name, key, self.e.effects[key])

    def _outcome_may_be_gone(self, key):
        """With the end of the stream, before it was in the log: the execution may have taken another course since."""
        return all(self.may_be_gone(at, at + TOLD) for _, at in self.e.effects[key])

    def by_execution(self):
        if not hasattr(self, "_by_execution"):
            self._by_execution = collections.defaultdict(list)
            for key in self.e.effects:
                self._by_execution[key[0]].append(key)
        return self._by_execution

    def _check_second(self, execution_id, name, key, marks):
        """Each further one needs a fault behind it: of its worker, or of the server that keeps the tasks. And if the
        outcome of the first stood in the stream already, log or stream must tell of the redelivery, or the worker have asked
        the brokers in vain, which is only after a while, and only of what the stream no longer showed."""
        marks = sorted(marks, key=lambda mark: mark[1])
        told = self.deliveries[key] >= len(marks)
        for (first, before), (second, after) in zip(marks, marks[1:]):
            cause = self._cause((first, second), before, after)
            self.second[cause or "nothing"] += 1
            stood = self.stood_at.get(key, after) < self._looked(key, second, after)
            if not cause or (stood and not told and not self._was_unheard(key, second, after)):
                self.say(execution_id, f"({name}) {key[1:]} had its effect again: in process {second} after {first}, and "
                                       f"{after - before:.3f} s later; fault behind it: {cause}; its outcome stood "
                                       f"in the stream: {stood}; deliveries that are told of: {self.deliveries[key]}")

    def _looked(self, key, pid, effect):
        """What stood by then, this worker saw before the effect. On a slow machine a task may take seconds to begin, so
        the worker's log is asked; its clock may have been stepped."""
        return max((at - LOOKING for at in self._said(self.e.looked, key, pid, effect)), default=effect - LOOKED)

    def _was_unheard(self, key, pid, effect):
        """Whether this worker asked the brokers in vain before the effect, of what the stream did not show: docs/DELIVERY.md
        does not promise that it is not run then."""
        shown = self.streamed_at.get(key, effect) < self._looked(key, pid, effect)
        return key in self.only_in_log and not shown and bool(self._said(self.e.unheard, key, pid, effect))

    def _said(self, said, key, pid, effect):
        """When this worker said it of the attempt, before it ran it."""
        times = [self.journal.monotonic(at) for by, at in said.get(key, ()) if by == pid]
        return [at for at in times if effect - LATE <= at <= effect]

    def _cause(self, pids, before, after):
        """The kind of a fault that was there between two effects: of NATS, or of one of the two workers. The second may
        be that of the one who got the task first, and stood still."""
        for entry in reversed(self.journal.entries):
            there = entry["from"] <= after and (entry["to"] or after) + PATIENCE >= before
            mine = entry["kind"] in WORKERS_FAULTS and any(self._is_of(entry, pid) for pid in pids)
            if there and (mine or entry["kind"] in SERVERS_FAULTS):
                return entry["kind"]
        return None

    def _is_of(self, entry, pid):
        return pid in self.workers.get(entry["resource"].partition(":")[0], ())

    def _check_saved(self, execution_id, rows, expected):
        for step in expected.rows:
            for row in rows:
                at = row.attempt() if row.type in OUTCOMES else None
                if not at or at[0] != step:
                    continue
                count = self.e.saved[execution_id, step, at[3]]
                marks = self.e.effects.get((execution_id, *at), ())
                most = len(marks)  # how often it was begun
                gone = self._row_may_be_gone(row, marks)
                if count > most or (count == 0 and row.type == "action_completed" and not gone):
                    self.say(execution_id, f"(save) attempt {at[3]} ended with {row.type} and has {count} rows; it was "
                                           f"begun {most} times")

    def _row_may_be_gone(self, row, marks):
        """It was written between the effect of the worker whose outcome this is, and the outcome, which may have come into
        the stream long after."""
        told = self.journal.monotonic(row.time_ns)
        begun = min((at for pid, at in marks if row.worker.endswith(f"-{pid}")), default=told)
        return overlaps(self.set_back, begun, told)

    # ---- log and streams together ----

    def _check_strangers(self, known):
        for execution_id, rows in self.e.log.items():
            if execution_id not in known and rows[0].tag:
                self.say(execution_id, f"nobody asked for it: its tag is {rows[0].tag}")

    def _check_stream(self):
        by_seq = {fact.seq: fact for fact in self.e.facts}
        marks = {(f.execution_id, f.value.get("event_id")) for f in self.e.facts
                 if f.value and f.type.startswith("execution_") and f.type not in FACTS}
        for execution_id, rows in self.e.log.items():
            taken = collections.Counter((row.seq, row.time_ns) for row in rows if row.type in FACTS)
            for row in rows:
                fact = by_seq.get(row.seq)
                if row.type in FACTS and not self.stored_may_be_gone(row.time_ns):
                    if not fact or (fact.execution_id, fact.type) != (execution_id, row.type):
                        self.say(execution_id, f"event {row.event_id}, {row.type}, is not message {row.seq} of the stream")
                    elif taken[row.seq, row.time_ns] > 1:
                        self.say(execution_id, f"message {row.seq} of the stream is in its log {taken[row.seq, row.time_ns]} times")
                if row.type.startswith("execution_") and row.type not in FACTS and rows[0].tag \
                        and (execution_id, row.event_id) not in marks and not self._mark_may_be_gone(row):
                    self.say(execution_id, f"the stream has no {row.type}")
        for fact in self.e.facts:
            if fact.type == "execution_requested" and fact.execution_id not in self.e.log and tag_of(fact):
                self.say(fact.execution_id, f"was requested by message {fact.seq}, and the log has nothing of it")

    def _mark_may_be_gone(self, row):
        """It was published between the fact that led to it, which may have waited for long, and its way into the log."""
        at, written = self.journal.monotonic(row.time_ns), self.journal.monotonic(row.written_ns)
        return self.may_be_gone(at, max(at, written) + PATIENCE)

    def _check_nothing_open(self):
        self._check_left()
        for stream, name, pending, unacknowledged, _ in self.e.consumers:
            if self.killed and not pending:
                self.unsettled += unacknowledged
            elif pending or unacknowledged:
                self.say(None, f"the consumer {name} of {stream} has {pending} messages to deliver and {unacknowledged} "
                               f"to be acknowledged")
        for execution_id, timer in self.e.timers:
            if execution_id in self.waiting:
                continue
            self.say(execution_id, f"its timer {timer} is left")
        last = {fact.partition: fact.seq for fact in self.e.facts if fact.value and fact.execution_id in self.e.log}
        for partition, seq in self.e.checkpoints.items():
            if seq < last.get(partition, 0):
                self.say(None, f"partition {partition} is read up to {seq} and has messages up to {last[partition]}")


    def _check_left(self):
        """nats-server 2.9 forgets, when it is killed, that messages were removed, and not that they were acknowledged:
        it has them for good, and gives them to nobody; of some it thinks for good that somebody has them. All others
        must be gone. That nobody misses them is seen from what was asked for, and from the log."""
        floors = {stream: floor for stream, _, _, _, floor in self.e.consumers}
        given = {stream for stream, _, pending, _, _ in self.e.consumers if self.killed and not pending}
        for stream, messages in self.e.left.items():
            for seq, subject in messages:
                if (seq <= floors.get(stream, 0) or stream in given) and not self._is_open(stream, subject):
                    self.left_over += 1
                else:
                    self.say(None, f"message {seq}, {subject}, is left in {stream}; the consumer is at {floors[stream]}")

    def _is_open(self, stream, subject):
        """Whether somebody may wait for what is left."""
        execution_id, task_id = subject.split(".")[-2:]
        rows = self.e.log.get(execution_id, []) if stream == "NOETL_TASKS" else []
        ended = any(row.task_id == task_id and row.type in (*OUTCOMES, "action_lost") for row in rows)
        return bool(rows) and rows[-1].type not in FINAL and not ended


def tag_of(fact):
    context = fact.value.get("context") if fact.value else None
    workload = context.get("workload") if isinstance(context, dict) else None
    return workload.get("tag") if isinstance(workload, dict) else None


def is_end(fact, expected):
    """Whether this event is the end that is expected."""
    if not fact.value or fact.type != f"execution_{expected.status}":
        return False
    return fact.value.get("result") == expected.result if expected.status == "complete" else \
        (expected.error or "") in str(fact.value.get("error"))


def caller_of(fact):
    parent = fact.value["context"].get("parent")  # of what has a tag
    return parent.get("execution_id") if isinstance(parent, dict) else None


def place_of(fact):
    from evidence import attempt_of
    step, task_id = fact.value.get("node_name"), fact.value.get("task_id")
    at = attempt_of(step, task_id) if isinstance(step, str) and isinstance(task_id, str) else None
    return (fact.execution_id, *at) if at else None


def same(text, expected):
    try:
        return json.loads(text) == expected
    except ValueError:
        return False
