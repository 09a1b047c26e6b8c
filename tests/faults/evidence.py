"""What the checker reads: the log in Postgres, the streams of NATS, and the effects. Nothing is asked of noetl."""

import collections
import dataclasses
import datetime
import json
import re

import nats

FINAL = ("execution_complete", "execution_failed", "execution_cancelled")
READY = re.compile(r'.* msg="worker ready" name=\S*-(\d+) ')
LOOKED = re.compile(r'time=(\S+)Z .* msg="task may have been run before, and is run" execution=(\d+) step=(\S+) task=(\S+)')
UNHEARD = re.compile(r'time=(\S+)Z .* msg="no broker says whether a task that comes again has ended.*" execution=(\d+) step=(\S+) task=(\S+)')
TASK_ID = re.compile(r"s\d+v(\d+)a(\d+)(?:i(\d+)a(\d+))?$")

ROWS = """
SELECT execution_id, event_id, event_type, coalesce(node_name, ''), coalesce(task_id, ''), stream_seq, stream_time_ns,
       coalesce(meta->>'delivery', ''), coalesce(meta->>'worker', ''), coalesce(error, ''),
       CASE event_type WHEN 'execution_requested' THEN coalesce(context->'workload'->>'tag', '') ELSE '' END,
       CASE event_type WHEN 'execution_complete' THEN result::text ELSE '' END,
       coalesce(round(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1e9)::bigint, 0)
FROM noetl.event ORDER BY execution_id, event_id, created_at
"""


@dataclasses.dataclass
class Row:
    event_id: int
    type: str
    node: str
    task_id: str
    seq: int
    time_ns: int
    delivery: str
    worker: str
    error: str
    tag: str
    result: str
    written_ns: int = 0  # when it came into the log; 0: not known

    def attempt(self):
        """(step, visit, item, attempt) of an outcome."""
        return attempt_of(self.node, self.task_id)


def attempt_of(step, task_id):
    m = TASK_ID.match(task_id)
    if not m:
        return None
    visit, attempt, item, item_attempt = m.groups()
    return (step, int(visit), -1, int(attempt)) if item is None else (step, int(visit), int(item), int(item_attempt))


@dataclasses.dataclass
class Fact:
    """A message of NOETL_EVENTS."""

    seq: int
    time_ns: int
    partition: str
    execution_id: str
    type: str
    value: object  # None if it is no JSON map


@dataclasses.dataclass
class Evidence:
    log: dict  # execution id -> its rows in order
    facts: list
    left: dict  # stream -> messages in it, as (sequence, subject)
    consumers: list  # (stream, name, pending, unacknowledged, sequence up to which all is acknowledged)
    timers: list
    checkpoints: dict  # partition -> sequence
    effects: dict  # (execution id, step, visit, item, attempt) -> [(pid, time)]
    saved: collections.Counter  # (execution id, step, attempt)
    looked: dict  # (execution id, step, visit, item, attempt) -> [(pid, time in ns)]: a worker saw no outcome, and ran it
    unheard: dict = dataclasses.field(default_factory=dict)  # the same of: a worker asked the brokers in vain, before it looked


def read_log(postgres):
    log = collections.defaultdict(list)
    for columns in postgres.query(ROWS, seconds=300):
        execution_id, event_id, kind, node, task, seq, time_ns, *rest, written_ns = columns
        log[execution_id].append(Row(int(event_id), kind, node, task, int(seq), int(time_ns), *rest, int(written_ns)))
    return log


def read_facts(client):
    facts = []
    for seq, time_ns, subject, payload in client.read_stream("NOETL_EVENTS"):
        tokens = subject.split(".")
        try:
            value = json.loads(payload)
        except (ValueError, RecursionError):
            value = None
        tokens += [""] * (5 - len(tokens))
        facts.append(Fact(seq, time_ns, tokens[2], tokens[3], tokens[4], value if isinstance(value, dict) else None))
    return facts


def read_effects(path):
    effects = collections.defaultdict(list)
    with open(path) as f:
        for line in f:
            execution_id, step, visit, item, attempt, pid, at = line.split()
            effects[execution_id, step, int(visit), int(item), int(attempt)].append((int(pid), float(at)))
    return effects


def read_attempts(logs, said):
    """When which worker said that of an attempt; by the workers' clocks, which may be wrong."""
    found = collections.defaultdict(list)
    for path in logs.glob("worker-*.log"):
        pid = 0
        for line in path.read_text(errors="replace").splitlines():
            if ready := READY.match(line):
                pid = int(ready[1])
            m = said.match(line)
            at = attempt_of(m[3], m[4]) if m else None
            if at:
                when = datetime.datetime.fromisoformat(m[1] + "+00:00")
                found[m[2], *at].append((pid, round(when.timestamp() * 1000) * 10**6))
    return found


def settled_until(consumer):
    """Up to here it will deliver nothing any more; its floor moves past what was given up with the next ack only."""
    floor = consumer["ack_floor"]["stream_seq"]
    return floor if consumer["num_ack_pending"] else max(floor, consumer["delivered"]["stream_seq"])


def read_consumers(client, stream):
    for consumer in client.api(f"CONSUMER.LIST.{stream}").get("consumers") or []:
        yield (stream, consumer["name"], consumer["num_pending"], consumer["num_ack_pending"], settled_until(consumer))


def read_left(client, stream):
    """What is in a work queue, which no second consumer may read: message by message."""
    state = client.api(f"STREAM.INFO.{stream}")["state"]
    left, seq = [], state["first_seq"]
    while len(left) < state["messages"] and seq <= state["last_seq"]:
        try:
            message = client.api(f"STREAM.MSG.GET.{stream}", {"seq": seq})["message"]
            left.append((seq, message["subject"]))
        except nats.Refused:
            pass  # no message of this number
        seq += 1
    return left


def gather(world, client):
    consumers = []
    for stream in ("NOETL_TASKS", "NOETL_COMMANDS", "NOETL_ADVISORIES"):
        consumers += read_consumers(client, stream)
    left = {stream: read_left(client, stream) for stream in ("NOETL_TASKS", "NOETL_COMMANDS")}
    saved = collections.Counter()
    for execution_id, step, attempt in world.postgres.query("SELECT execution_id, step, attempt FROM effect"):
        saved[execution_id, step, int(attempt)] += 1
    return Evidence(read_log(world.postgres), read_facts(client), left, consumers,
                    world.postgres.query("SELECT execution_id, timer_id FROM noetl.timer"),
                    {p: int(s) for p, s in world.postgres.query("SELECT partition, stream_seq FROM noetl.partition")},
                    read_effects(world.effects), saved, read_attempts(world.logs, LOOKED),
                    read_attempts(world.logs, UNHEARD))


# ---- whether there is anything left to wait for -----------------------------------------------------------------

def open_executions(postgres):
    """(asked for, ended) as far as the log has it."""
    rows = postgres.query("SELECT count(DISTINCT execution_id) FILTER (WHERE event_type = 'execution_requested'), "
                          "count(DISTINCT execution_id) FILTER (WHERE event_type IN "
                          f"{FINAL}) FROM noetl.event WHERE event_type IN {(*FINAL, 'execution_requested')}")
    return int(rows[0][0]), int(rows[0][1])
