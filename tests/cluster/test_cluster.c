/*
 * The leaders of streams die, one after the other, and a server freezes, while executions are asked for and
 * run. Every execution ends well, the log has each event once, and each task has had its effect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "evidence.h"
#include "standstill.h"

enum {
    BEFORE = 30, /* executions asked for before the fault, while its server is away, and behind it */
    MEANWHILE = 15,
    AFTER = 15,
    FREEZE_S = 4,
    IN_HAND = 32, /* tasks that the worker has: what it runs, and as many that it asked for */
};

/* Another server may go only when the last one has all again: two of three have to be there. */
static void await_all(struct stage *s)
{
    for (int id = STREAM_COMMANDS; id <= STREAM_ADVISORIES; id++)
        nats_cluster_await(s->bus, stage_stream(s, (enum stream_id)id));
    nats_cluster_await(s->bus, stage_catalog(s));
}

static void kill_leader(struct stage *s, const char *stream)
{
    await_all(s);
    stage_request(s, BEFORE);
    int node = nats_cluster_leader(s->bus, stream);
    s->faults++;
    nats_cluster_kill(&s->cluster, node);
    stage_request(s, MEANWHILE);
    stage_new_version(s);
    nats_cluster_return(&s->cluster, node);
    stage_request(s, AFTER);
}

static void freeze_leader(struct stage *s, const char *stream)
{
    await_all(s);
    stage_request(s, BEFORE);
    struct process *leader = &s->cluster.nodes[nats_cluster_leader(s->bus, stream)].process;
    s->faults++;
    standstill_begin(leader);
    sleep(FREEZE_S);
    standstill_end(leader);
    stage_request(s, AFTER);
}

static void check_all(struct stage *s)
{
    stage_await_ends(s, 2 * s->requested); /* each calls another */
    evidence_check_log(s);
    int again = evidence_check_effects(s);
    assert_true(again <= IN_HAND * s->faults);
    int lost = (int)evidence_number(s, "SELECT count(*) FROM noetl.event WHERE event_type = 'action_lost'");
    print_message("%d executions; %d tasks ran once more, %d were made again\n", 2 * s->requested, again,
                  lost);
}

static int rounds(void)
{
    const char *text = getenv("NOETL_TEST_CLUSTER_ROUNDS");
    return text ? (int)strtol(text, NULL, 10) : 1;
}

static bool is_known(struct stage *s, const char *id)
{
    struct error err;
    bool known = false;
    assert_ok(bus_publish_known(s->bus, "ids.a", id, 10000, &known, &err), &err);
    return known;
}

/* Workers ask for an outcome's id, and publish it afterwards. */
static void an_id_that_was_asked_for_can_be_given(void **state)
{
    struct stage *s = *state;
    const struct bus_stream stream = {
        .name = "IDS", .subjects = {"ids.>"}, .discard_new = true, .duplicates_ms = 60000, .replicas = 3};
    const struct bus_publication p = {.subject = "ids.a", .message_id = "one", .give_up_ms = 10000};
    struct bus_stream_info info;
    struct bus_ack ack;
    struct error err;
    assert_ok(bus_stream_ensure(s->bus, &stream, &err), &err);
    assert_ok(bus_stream_info(s->bus, "IDS", &info, &err), &err);
    assert_int_equal(info.replicas, 3);
    bool may_ask = !bus_spoils_ids(s->bus, &info);
    assert_false(may_ask && is_known(s, "one"));
    assert_ok(bus_publish_wait(s->bus, &p, &ack, &err), &err);
    assert_false(ack.duplicate);
    assert_true(!may_ask || is_known(s, "one"));
}

static void executions_outlive_the_leader_of_the_event_stream(void **state)
{
    kill_leader(*state, stage_stream(*state, STREAM_EVENTS));
    check_all(*state);
}

static void executions_outlive_the_leader_of_the_tasks_stream(void **state)
{
    kill_leader(*state, stage_stream(*state, STREAM_TASKS));
    check_all(*state);
}

static void executions_outlive_the_leader_of_the_catalog(void **state)
{
    kill_leader(*state, stage_catalog(*state));
    check_all(*state);
}

static void executions_outlive_a_frozen_leader(void **state)
{
    freeze_leader(*state, stage_stream(*state, STREAM_EVENTS));
    check_all(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_that_was_asked_for_can_be_given),
        cmocka_unit_test(executions_outlive_the_leader_of_the_event_stream),
        cmocka_unit_test(executions_outlive_the_leader_of_the_tasks_stream),
        cmocka_unit_test(executions_outlive_the_leader_of_the_catalog),
        cmocka_unit_test(executions_outlive_a_frozen_leader),
    };
    int failed = 0;
    for (int n = 0; n < rounds() && !failed; n++)
        failed = cmocka_run_group_tests(tests, stage_start, stage_stop);
    return failed;
}
