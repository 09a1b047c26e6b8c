"""The checker finds what is wrong: a world in which all is well, and the same with one thing changed at a time."""

import collections
import copy
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import again
import checker
import kept
import playbooks
from evidence import LOOKED, UNHEARD, Evidence, Fact, Row, read_attempts
from journal import History
from load import Asked

ID, WORKER = "1000", 77
UNHEARD_SAYS = "no broker says whether a task that comes again has ended; it counts as open"


class World:
    """One execution of the chain, n = 1, that a worker ran, and its evidence."""

    def __init__(self):
        rows, facts = [], []

        def event(kind, node="", task="", result="", tag="", fact=None):
            if fact:
                value = {"node_name": node, "task_id": task, "meta": {"delivery": 1}}
                if tag:
                    value["context"] = {"workload": {"tag": tag}}
                facts.append(Fact(len(facts) + 1, 10**9 * len(facts), "7", ID, kind, value))
            rows.append(Row(len(rows) + 1, kind, node, task, len(facts), 10**9 * len(facts), "1" if fact else "", "", "",
                            tag, result))

        event("execution_requested", tag="t0", fact=True)
        event("execution_start")
        event("step_completed", "start")
        for number, step in enumerate("abc"):
            event("step_started", step, f"s{number + 1}v1a1")
            event("action_completed", step, f"s{number + 1}v1a1", fact=True)
            event("step_completed", step)
        event("step_completed", "end")
        event("execution_complete", result="4")
        for row in rows:
            if row.type in ("execution_start", "execution_complete"):
                facts.append(Fact(len(facts) + 1, 10**9 * len(facts), "7", ID, row.type, {"event_id": row.event_id}))
        effects = {(ID, step, 1, -1, 1): [(WORKER, float(n))] for n, step in enumerate("abc")}
        consumers = [("NOETL_TASKS", "default", 0, 0, 3), ("NOETL_COMMANDS", "intake", 0, 0, 0)]
        self.evidence = Evidence({ID: rows}, facts, {"NOETL_TASKS": [], "NOETL_COMMANDS": []}, consumers, [], {"7": 9},
                                 effects, collections.Counter(), {})
        self.asked = {"t0": Asked("t0", playbooks.PLAYBOOKS["chain"], {"n": 1})}
        self.faults = []

    def rows(self):
        return self.evidence.log[ID]

    def number_anew(self):
        for number, row in enumerate(self.rows()):
            row.event_id = number + 1

    def anomalies(self):
        return checker.Checker(self.evidence, self.asked, self, {"worker-1": [WORKER]}).check()

    # As a journal.
    @property
    def entries(self):
        return self.faults

    @staticmethod
    def monotonic(wall_ns):
        return wall_ns / 10**9

    def fault(self, kind, at):
        self.faults.append({"kind": kind, "resource": "worker-1", "from": at, "to": at + 1, "pid": WORKER})


def without_event(w):
    del w.rows()[5]


def event_twice(w):
    w.rows().insert(5, copy.copy(w.rows()[5]))


def out_of_order(w):
    w.rows()[5].seq, w.rows()[8].seq = w.rows()[8].seq, w.rows()[5].seq


def older_time(w):
    w.rows()[6].time_ns -= 5 * 10**9


def not_ended(w):
    del w.rows()[-1]


def goes_on(w):
    w.rows().append(copy.copy(w.rows()[4]))
    w.number_anew()


def failed(w):
    w.rows()[-1].type = "execution_failed"


def other_result(w):
    w.rows()[-1].result = "5"


def step_twice(w):
    w.rows().insert(6, copy.copy(w.rows()[5]))
    w.number_anew()


def step_not_run(w):
    del w.rows()[-2]
    w.number_anew()


def two_outcomes(w):
    w.rows().insert(5, copy.copy(w.rows()[4]))
    w.number_anew()


def no_effect(w):
    del w.evidence.effects[ID, "b", 1, -1, 1]


def effect_of_nothing(w):
    w.evidence.effects[ID, "b", 2, -1, 1] = [(WORKER, 1.0)]


def effect_twice(w):
    w.evidence.effects[ID, "b", 1, -1, 1].append((WORKER, 1.5))


def effect_after_the_outcome(w):
    w.fault("kill-worker", 2.0)
    w.evidence.effects[ID, "b", 1, -1, 1].append((WORKER, 10.0))


def effect_again_of_what_the_log_has(w):
    """The stream was set back, and has lost the outcome."""
    w.fault("restore-nats", 2.0)
    w.evidence.facts = [f for f in w.evidence.facts if f.value.get("task_id") != "s2v1a1"]
    w.evidence.effects[ID, "b", 1, -1, 1].append((WORKER, 10.0))


def lost_long_before(w):
    w.fault("restore-nats", 50.0)
    w.asked["t1"] = Asked("t1", playbooks.PLAYBOOKS["chain"], {"n": 1}, taken=(39.5, 40.0))


def effect_after_a_look_that_saw_nothing(w):
    w.fault("kill-worker", 2.0)
    w.evidence.effects[ID, "b", 1, -1, 1].append((WORKER, 10.0))
    w.evidence.looked = {(ID, "b", 1, -1, 1): [(WORKER, 9 * 10**9)]}


def again_unheard(w, by=WORKER, at=9.0):
    """Its worker asked the brokers in vain, of an outcome that only the log has still."""
    effect_again_of_what_the_log_has(w)
    w.evidence.unheard = {(ID, "b", 1, -1, 1): [(by, int(at * 10**9))]}


def unheard_by_another(w):
    again_unheard(w, by=88)


def unheard_after_the_effect(w):
    again_unheard(w, at=10.5)


def unheard_long_before(w):
    again_unheard(w, at=-51.0)


def unheard_of_another_attempt(w):
    again_unheard(w)
    w.evidence.unheard = {(ID, "b", 1, -1, 2): [(WORKER, 9 * 10**9)]}


def unheard_and_in_the_stream(w):
    w.fault("restore-nats", 2.0)
    w.evidence.effects[ID, "b", 1, -1, 1].append((WORKER, 10.0))
    w.evidence.unheard = {(ID, "b", 1, -1, 1): [(WORKER, 9 * 10**9)]}


def unheard_and_never_lost(w):
    again_unheard(w)
    w.faults[:] = []
    w.fault("kill-worker", 2.0)


CALLER, CHILD_S_NODE = "2000", "faults/chain"
NOT_WAITED_FOR = "execution {}, which it is a part of, does not wait for it any more"


def heard_and_ended_otherwise(w):
    """The execution is a sub-playbook. Its caller hears its end at 5.0 and is over with that; the stream has lost an outcome
    of before, and the log is set back behind the end. Then the caller does not wait for it any more, at 30.0."""
    del w.rows()[5:]
    w.rows()[0].tag = "t1/left"
    w.asked = {"t1": Asked("t1", playbooks.PLAYBOOKS["parent"], {"n": 1, "fail": 0}, taken=(-3.0, -2.0))}
    for kind in ("cancel_requested", "execution_cancelled"):
        w.rows().append(Row(len(w.rows()) + 1, kind, "", "", 20, 30 * 10**9, "", "", "", "", ""))
    w.rows()[-1].error = NOT_WAITED_FOR.format(CALLER)
    next(f for f in w.evidence.facts if f.type == "execution_complete").value["result"] = 4
    value = {"node_name": CHILD_S_NODE, "task_id": "s1v1a1", "context": {"execution_id": ID}}
    w.evidence.facts.append(Fact(12, 5 * 10**9, "8", CALLER, "child_completed", value))
    w.evidence.log[CALLER] = [Row(1, "execution_requested", "faults/parent", "", 11, -10**9, "", "", "", "t1", ""),
                              Row(2, "child_completed", CHILD_S_NODE, "s1v1a1", 12, 5 * 10**9, "", "", "", "", ""),
                              Row(3, "execution_complete", "faults/parent", "", 12, 5 * 10**9, "", "", "", "", "{}")]
    w.fault("restore-nats", 1.0)
    w.fault("restore-postgres", 4.5)


def end_of_the_child(w):
    return next(f for f in w.evidence.facts if (f.execution_id, f.type) == (ID, "execution_complete"))


def end_as_it_was_heard(w):
    return next(f for f in w.evidence.facts if f.type == "child_completed")


def restored_at(w, nats=1.0, postgres=4.5):
    w.faults[:] = []
    for kind, at in (("restore-nats", nats), ("restore-postgres", postgres)):
        if at is not None:
            w.fault(kind, at)


def cancelled_by_another(w):
    w.rows()[-1].error = NOT_WAITED_FOR.format("3000")
    w.evidence.log["3000"] = copy.deepcopy(w.evidence.log[CALLER])
    w.evidence.log["3000"][0].tag = "t2"
    w.evidence.facts += [dataclasses.replace(f, execution_id="3000") for f in w.evidence.facts if f.execution_id == CALLER]


def cancelled_for_another_reason(w):
    w.rows()[-1].error = "cancelled"


def caller_goes_on(w):
    w.evidence.log[CALLER].pop()


def caller_goes_on_beyond_the_cancel(w):
    w.evidence.log[CALLER][-1].time_ns = 31 * 10**9


def had_ended_with_another_result(w):
    end_of_the_child(w).value["result"] = 5


def had_failed(w):
    end_of_the_child(w).type = "execution_failed"


def had_not_ended(w):
    w.evidence.facts.remove(end_of_the_child(w))


def end_is_in_the_log(w):
    row = Row(end_of_the_child(w).value["event_id"], "execution_complete", "", "", 4, 5 * 10**9, "", "", "", "", "4")
    w.rows().insert(-2, row)


def caller_has_not_heard(w):
    del w.evidence.log[CALLER][1]


def caller_has_heard_a_failure(w):
    w.evidence.log[CALLER][1].type = end_as_it_was_heard(w).type = "child_failed"


def caller_has_heard_of_another_playbook(w):
    w.evidence.log[CALLER][1].node = "faults/retry"


def caller_has_heard_another(w):
    end_as_it_was_heard(w).value["context"]["execution_id"] = "4000"


def nobody_has_told_the_caller(w):
    w.evidence.facts.remove(end_as_it_was_heard(w))


def told_the_caller_later(w):
    end_as_it_was_heard(w).time_ns += 1


def another_kind_in_the_stream(w):
    end_as_it_was_heard(w).type = "child_failed"


def nothing_lost_by_the_stream(w):
    restored_at(w, nats=None)


def stream_lost_something_later(w):
    restored_at(w, nats=5.5)


def stream_lost_something_before_the_caller(w):
    restored_at(w, nats=-3.0)


def log_was_not_set_back(w):
    restored_at(w, postgres=None)


def log_was_set_back_long_before(w):
    restored_at(w, postgres=4.0 - checker.PATIENCE - 0.5)


def log_was_set_back_later(w):
    restored_at(w, postgres=30.5)


def only_a_worker_was_killed(w):
    restored_at(w, postgres=None)
    w.fault("kill-worker", 5.0)


NOT_HEARD = [cancelled_by_another, cancelled_for_another_reason, caller_goes_on, caller_goes_on_beyond_the_cancel,
             had_ended_with_another_result, had_failed, had_not_ended, end_is_in_the_log, caller_has_not_heard,
             caller_has_heard_a_failure, caller_has_heard_of_another_playbook, caller_has_heard_another,
             nobody_has_told_the_caller, told_the_caller_later, another_kind_in_the_stream, nothing_lost_by_the_stream,
             stream_lost_something_later, stream_lost_something_before_the_caller, log_was_not_set_back,
             log_was_set_back_long_before, log_was_set_back_later, only_a_worker_was_killed]


def set_back_just_before_it_was_told(w):
    restored_at(w, postgres=4.0 - checker.PATIENCE + 0.5)


def copied_before_it_was_written(w):
    """The end is told before the log has it."""
    restored_at(w, postgres=5.5)


def never_written(w):
    """The broker that told the end was killed before it was in the log."""
    restored_at(w, postgres=None)
    w.fault("kill-broker", 6.0)


def all_told_is_gone(w):
    """With the stream, which was set back behind it once more."""
    w.fault("restore-nats", 4.8)
    had_not_ended(w)
    nobody_has_told_the_caller(w)


def another_end_came_too(w):
    """Of a life that was lost."""
    w.evidence.facts.append(Fact(30, 25 * 10**9, "7", ID, "execution_failed", {"event_id": 9, "error": "it was lost"}))


def asked_for_again(w):
    """Its request was lost as well, and somebody sent it again."""
    w.rows()[0].time_ns = 6 * 10**9


HEARD = [heard_and_ended_otherwise, set_back_just_before_it_was_told, copied_before_it_was_written, never_written,
         all_told_is_gone, another_end_came_too, asked_for_again]


def nobody_asked(w):
    w.asked.clear()


def not_taken(w):
    w.asked["t1"] = Asked("t1", playbooks.PLAYBOOKS["chain"], {"n": 1})


def not_in_the_stream(w):
    del w.evidence.facts[1]


def end_not_published(w):
    del w.evidence.facts[-1]


def request_lost(w):
    w.evidence.facts.append(Fact(20, 0, "8", "2000", "execution_requested", {"context": {"workload": {"tag": "t9"}}}))


def task_left(w):
    w.evidence.left["NOETL_TASKS"].append((4, f"noetl.tasks.default.{ID}.s1v1a1"))


def command_left(w):
    w.evidence.left["NOETL_COMMANDS"].append((4, "noetl.commands.run"))


def not_acknowledged(w):
    w.evidence.consumers[0] = ("NOETL_TASKS", "default", 0, 1, 3)


def timer_left(w):
    w.evidence.timers.append([ID, "s1v1a1"])


def not_read(w):
    w.evidence.checkpoints["7"] = 3


def lost_without_loss(w):
    w.rows().insert(4, copy.copy(w.rows()[3]))
    w.rows()[4].type = "action_lost"
    w.number_anew()


def lost_without_loss_within_items(w):
    """Of a task of an item's list of tasks, whose id is no attempt's of a step."""
    lost_without_loss(w)
    w.rows().insert(5, dataclasses.replace(w.rows()[4], task_id="s2v1a1i0t1a1"))
    w.number_anew()


WRONG = [without_event, event_twice, out_of_order, older_time, not_ended, goes_on, failed, other_result, step_twice,
         step_not_run, two_outcomes, no_effect, effect_of_nothing, effect_twice, effect_after_the_outcome,
         effect_again_of_what_the_log_has, effect_after_a_look_that_saw_nothing, lost_long_before, nobody_asked,
         not_taken, not_in_the_stream, end_not_published, request_lost, task_left, command_left, not_acknowledged,
         timer_left, not_read, lost_without_loss, lost_without_loss_within_items]
NO_EXCUSE = [unheard_by_another, unheard_after_the_effect, unheard_long_before, unheard_of_another_attempt,
             unheard_and_in_the_stream, unheard_and_never_lost]


class CheckerTest(unittest.TestCase):
    def test_nothing_is_found_where_all_is_well(self):
        self.assertEqual(World().anomalies(), [])

    def test_a_second_effect_behind_a_crash_of_its_worker_is_allowed(self):
        w = World()
        w.evidence.effects[ID, "b", 1, -1, 1] = [(WORKER, 0.0), (88, 1.5)]
        w.fault("kill-worker", 0.1)
        self.assertEqual(w.anomalies(), [])

    def test_what_a_stream_that_was_set_back_took_may_be_gone(self):
        w = World()
        w.fault("restore-nats", 50.0)
        w.asked["t1"] = Asked("t1", playbooks.PLAYBOOKS["chain"], {"n": 1}, taken=(50.5, 52.0))
        self.assertEqual(w.anomalies(), [])

    def test_a_cancellation_may_be_of_a_request_that_was_lost_and_came_again(self):
        for ended, of_another in ((-20.0, True), (50.0, False)):
            w = World()
            w.asked["t0"] = Asked("t0", playbooks.PLAYBOOKS["cancel"], {}, taken=(-30.0, -29.0), steered=[(-21.0, ended)])
            for row in w.rows():
                row.node = "act"
            judge = checker.Checker(w.evidence, w.asked, w)
            self.assertEqual(judge._waits_for_what_is_gone(w.rows()), of_another)

    def test_a_stream_that_was_set_back_has_numbers_twice(self):
        w = World()
        for row in w.rows()[:3]:
            row.seq, row.time_ns = 2, -10**9
        w.evidence.facts[:] = [f for f in w.evidence.facts if f.seq != 1]
        self.assertNotEqual(w.anomalies(), [])
        w.fault("restore-nats", -1.5)
        self.assertEqual(w.anomalies(), [])

    def test_a_call_may_be_left_of_a_caller_that_is_gone(self):
        for restored in (True, False):
            w = World()
            w.rows()[0].tag = "t1/left"
            w.asked = {"t1": Asked("t1", playbooks.PLAYBOOKS["parent"], {"n": 1, "fail": 0}, taken=(50.5, 52.0))}
            if restored:
                w.fault("restore-nats", 50.0)
            self.assertEqual(w.anomalies() == [], restored)

    def test_a_call_of_a_caller_that_is_gone_was_lost_as_the_stream_has_it(self):
        for lost, expected in (((), 0), (("s2v1a1", "s2v1a1"), 1), (("s2v1a1", "s2v1a2"), 2)):
            w = World()
            context = {"workload": {"tag": "t1/right"}, "parent": {"execution_id": "2000"}}
            w.evidence.facts.append(Fact(90, 10**9, "7", "3000", "execution_requested", {"context": context}))
            for task_id in lost:
                value = {"node_name": "right", "task_id": task_id}
                w.evidence.facts.append(Fact(91, 10**9, "7", "2000", "action_lost", value))
            judge = checker.Checker(w.evidence, w.asked, w)
            self.assertEqual(judge._lost_calls("t1", "right", []), expected)
            self.assertEqual(judge._lost_calls("t1", "left", []), 0)

    def ended_as(self, change):
        w = World()
        heard_and_ended_otherwise(w)
        if change is not heard_and_ended_otherwise:
            change(w)
        return [text for text in w.anomalies() if f"execution {ID}: (chain) ended as cancelled" in text]

    def test_an_end_that_a_caller_has_heard_may_be_lost_and_come_in_another_way(self):
        for change in HEARD:
            with self.subTest(change.__name__):
                self.assertEqual(self.ended_as(change), [])

    def test_a_sub_playbook_is_cancelled_only_behind_the_right_end_and_the_loss_of_it(self):
        for change in NOT_HEARD:
            with self.subTest(change.__name__):
                self.assertEqual(len(self.ended_as(change)), 1)

    def test_an_end_is_as_it_is_expected(self):
        failed = playbooks.Expectation("failed", error="not yet")
        for kind, error, expected in (("failed", "step start failed: not yet", True), ("failed", "no memory", False),
                                      ("failed", None, False), ("complete", "not yet", False)):
            fact = Fact(1, 0, "7", ID, f"execution_{kind}", {"event_id": 9, "error": error})
            self.assertEqual(checker.is_end(fact, failed), expected)
        self.assertFalse(checker.is_end(Fact(1, 0, "7", ID, "execution_failed", None), failed))

    def test_a_row_may_be_gone_that_was_written_while_the_database_was_set_back(self):
        for worker, at, allowed in ((WORKER, 2.5, True), (WORKER, 3.5, False), (WORKER + 1, 2.5, False)):
            w = World()
            w.fault("restore-postgres", 2.0)
            row = copy.copy(w.rows()[4])
            row.time_ns, row.worker = 5 * 10**9, f"vm-{WORKER}"
            judge = checker.Checker(w.evidence, w.asked, w)
            self.assertEqual(judge._row_may_be_gone(row, [(worker, at)]), allowed)

    def test_a_second_effect_of_a_worker_that_stood_still_is_allowed(self):
        w = World()
        w.evidence.effects[ID, "b", 1, -1, 1] = [(88, 0.0), (WORKER, 1.5)]
        w.fault("stop-worker", 0.1)
        self.assertEqual(w.anomalies(), [])

    def test_a_second_effect_long_after_a_look_before_the_outcome_is_allowed(self):
        w = World()
        w.evidence.effects[ID, "b", 1, -1, 1] = [(WORKER, 0.0), (88, 9.5)]
        w.evidence.looked = {(ID, "b", 1, -1, 1): [(88, 10**9)]}
        w.fault("kill-worker", 0.1)
        self.assertEqual(w.anomalies(), [])

    def test_a_second_effect_that_no_broker_spoke_against_is_allowed_of_what_only_the_log_has(self):
        w = World()
        again_unheard(w)
        self.assertEqual(w.anomalies(), [])

    def test_only_what_its_worker_asked_in_vain_just_before_excuses_it(self):
        for change in NO_EXCUSE:
            with self.subTest(change.__name__):
                w = World()
                change(w)
                self.assertTrue(any("had its effect again" in text for text in w.anomalies()))

    def test_who_said_what_of_an_attempt_is_read_from_the_workers_logs(self):
        told = 'execution=1000 step=b task=s2v1a1'
        lines = ['time=1970-01-01T00:00:01.000Z level=INFO msg="worker ready" name=host-88 pool=default',
                 f'time=1970-01-01T00:00:09.500Z level=WARN msg="{UNHEARD_SAYS}" {told} error="no answer"',
                 f'time=1970-01-01T00:00:09.600Z level=INFO msg="task may have been run before, and is run" {told}',
                 'time=1970-01-01T00:00:10.000Z level=INFO msg="worker ready" name=host-89 pool=default',
                 f'time=1970-01-01T00:00:19.500Z level=WARN msg="{UNHEARD_SAYS}" {told}']
        with tempfile.TemporaryDirectory() as name:
            (pathlib.Path(name) / "worker-1.log").write_text("\n".join(lines))
            self.assertEqual(read_attempts(pathlib.Path(name), UNHEARD),
                             {(ID, "b", 1, -1, 1): [(88, 9500 * 10**6), (89, 19500 * 10**6)]})
            self.assertEqual(read_attempts(pathlib.Path(name), LOOKED), {(ID, "b", 1, -1, 1): [(88, 9600 * 10**6)]})

    def test_a_copy_of_an_outcome_of_a_life_that_was_lost_does_not_stand(self):
        value = {"node_name": "b", "task_id": "s2v1a1", "meta": {"delivery": 1}}
        for copied, allowed in ((-10**9, True), (3 * 10**9 + 1, False)):
            w = World()
            w.evidence.effects[ID, "b", 1, -1, 1] = [(WORKER, -2.0), (88, 9.5)]
            for fact in [f for f in w.evidence.facts if f.value.get("task_id") == "s2v1a1"]:
                w.evidence.facts.remove(fact)
            for row in [r for r in w.rows() if r.type == "action_completed" and r.node == "b"]:
                row.time_ns = 10 * 10**9
            w.evidence.facts.insert(0, Fact(0, copied, "7", ID, "action_completed", value))
            w.fault("restore-nats", -1.5)
            seconds = [text for text in w.anomalies() if "had its effect again" in text]
            self.assertEqual(seconds == [], allowed)

    def test_what_was_kept_is_judged_as_it_was(self):
        for change in (lambda w: None, effect_twice):
            w = World()
            change(w)
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                kept.keep(folder, w.evidence, w.asked, History(w.entries, 0.0), {"worker-1": [WORKER]})
                self.assertEqual(kept.judge_again(folder), w.anomalies())

    def test_an_outcome_may_be_gone_with_the_end_of_the_stream(self):
        for at, allowed in ((1.5, True), (9.5, False)):
            w = World()
            w.evidence.effects[ID, "b", 1, -1, 2] = [(WORKER, at)]
            w.fault("restore-nats", 1.0)
            self.assertEqual(w.anomalies() == [], allowed)

    def test_a_mark_may_be_gone_that_was_published_long_after_its_fact(self):
        for written, allowed in ((60.0, True), (20.0, False)):
            w = World()
            w.evidence.facts[:] = [f for f in w.evidence.facts if f.type != "execution_complete"]
            w.rows()[-1].written_ns = int(written * 10**9)
            w.fault("restore-nats", 50.0)
            self.assertEqual(w.anomalies() == [], allowed)

    def test_whatever_is_wrong_is_found(self):
        for change in WRONG:
            with self.subTest(change.__name__):
                w = World()
                change(w)
                self.assertNotEqual(w.anomalies(), [])


class ReplayTest(unittest.TestCase):
    """What is made of the output of noetl replay --check --all -o jsonl."""

    SAME = {"execution_id": "1", "path": "p", "version": 1, "events": 7, "difference": None}
    OTHER = {**SAME, "execution_id": "2", "difference": {"event_id": 4, "kind": "event"}}
    SUM = {"executions": 2, "events": 14, "differing": 0}

    def judge(self, lines, code=0, executions=2):
        out = "".join(json.dumps(line) + "\n" for line in lines)
        return again.judge(subprocess.CompletedProcess([], code, out, ""), executions)

    def test_nothing_is_found_where_nothing_differs(self):
        self.assertEqual(self.judge([self.SAME, self.SAME, self.SUM]), ([], 14))

    def test_whatever_is_wrong_is_found(self):
        for lines, code, executions in (([self.SAME, self.OTHER, self.SUM], 1, 2), ([self.SAME], 6, 2), ([], 5, 2),
                                        ([self.SAME, self.SAME, self.SUM], 0, 3)):
            with self.subTest(lines=lines, code=code):
                self.assertNotEqual(self.judge(lines, code, executions)[0], [])


class PlaybookTest(unittest.TestCase):
    def test_each_expectation_can_be_written_as_JSON(self):
        import random
        rng = random.Random(1)
        for playbook in playbooks.PLAYBOOKS.values():
            expected = playbook.expect(playbook.workload(rng))
            self.assertIn(expected.status, ("complete", "failed", "cancelled"))
            json.dumps(expected.result)


if __name__ == "__main__":
    unittest.main()
