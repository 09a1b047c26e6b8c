#include "commands.h"

#include "doctor/doctor.h"
#include "runtime/clock.h"

#include "client.h"
#include "doctor_print.h"
#include "execution_name.h"

enum { STILL_MS = 60000 };

static const struct flag FLAGS[] = {
    {"fix", 0, false, NULL, NO_SETTING,
     "repairs what is safe to repair, and says what it did and what it did not"},
    {"still", 0, false, "DURATION", NO_SETTING,
     "without ID: how long an execution has had no event before it is looked at, 1m if not given"},
    {"postgres", 0, false, "URL", SETTING_POSTGRES_URL,
     "the event log's database; better in NOETL_POSTGRES_URL. That of a `noetl dev` is known"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl doctor @last",
     "where each open step of the newest execution is, since when, and what it waits for"},
    {"noetl doctor",
     "streams, consumers, brokers, workers, the log, clocks; and executions that stand still"},
    {"noetl doctor 7301233456789 --fix", "lets it go on, if that is safe"},
    {"noetl doctor -o json | jq '.findings[] | select(.severity == \"trouble\")'", "for monitoring"},
    {0},
};
const struct command_details details_doctor = {
    .text = "With an ID, it follows each step that is open through every hop: the decision in the log, its\n"
            "task in the stream, its delivery, the worker that has it, its outcome in the stream, the way\n"
            "into the log; or the timer, signal, branches or other execution that it waits for. It asks\n"
            "NATS and Postgres themselves and whoever answers, so it works while parts of noetl do not.\n"
            "docs/DOCTOR.md has every verdict.\n"
            "\n"
            "--fix makes streams and consumers that are missing, by the code of `noetl setup`, and looks at\n"
            "executions as the broker's reconciler does: what was lost is made again. It deletes nothing\n"
            "that can be delivered, starts nothing and changes no configuration.\n"
            "\n"
            "The exit code is 0 when nothing is wrong, waiting included, and 1 when something is; 4 when\n"
            "there is no such execution, events.partitions is not what the streams were made for, or\n"
            "the event log is that of another nats.prefix.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

static enum status repair(struct invocation *in, struct doctor *d, struct report *r, struct doctor_page *page,
                          struct error *err)
{
    page->tried = args_has(&in->args, "fix");
    return page->tried ? doctor_repair(d, r, &page->notes, &page->note_count, err) : STATUS_OK;
}

static int exit_code_of(const struct report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].verdict == VERDICT_UNKNOWN)
            return status_exit_code(STATUS_NOT_FOUND);
    }
    return report_gravity(r) == GRAVITY_TROUBLE ? status_exit_code(STATUS_FAILED) : 0;
}

static enum status print_report(struct invocation *in, const struct report *r, const struct doctor_page *page,
                                struct error *err)
{
    struct value document;
    struct buf b;
    in->exit_code = exit_code_of(r);
    if (in->out.format != OUTPUT_TABLE) {
        TRY(doctor_value(r, page, &in->arena, &document, err));
        return output_value(&in->out, document, err);
    }
    buf_init(&b, 0);
    doctor_write(r, page, &in->out, &b);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status examine(struct invocation *in, struct doctor *d, int64_t id, int64_t still_ms,
                           struct error *err)
{
    struct report r;
    struct doctor_page page = {.execution_id = id};
    report_init(&r, &in->arena);
    if (id)
        TRY(doctor_execution(d, id, &r, err));
    else
        TRY(doctor_installation(d, still_ms, &r, err));
    TRY(repair(in, d, &r, &page, err));
    page.now_ns = wall_now().ns;
    return print_report(in, &r, &page, err);
}

/* Without NATS nothing else can be looked at; that is the one finding. */
static enum status say_away(struct invocation *in, const struct error *why, struct error *err)
{
    struct report r;
    const struct doctor_page page = {.now_ns = wall_now().ns};
    report_init(&r, &in->arena);
    struct finding *f = report_add(&r, VERDICT_NATS_AWAY);
    f->subject = STR("NATS");
    f->text = REPORT_TEXT(&r, "%s.", why->message);
    f->advice = REPORT_TEXT(&r, "%s", why->hint);
    TRY(report_status(&r, err));
    return print_report(in, &r, &page, err);
}

static enum status check_flags(const struct invocation *in, struct error *err)
{
    if (in->args.count == 0 || !args_has(&in->args, "still"))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "--still is for looking at all executions, and one is named");
    return error_hint(err, "Leave out one of both.");
}

enum status command_doctor(struct invocation *in, struct error *err)
{
    struct client c = {0};
    struct doctor d = {0};
    int64_t id = 0, still_ms;
    TRY(check_flags(in, err));
    TRY(args_duration(&in->args, "still", STILL_MS, &still_ms, err));
    enum status status = in->args.count > 0 ? client_open_for(in, in->args.positional[0], &c, &id, err)
                                            : client_open(in, &c, err);
    if (status == STATUS_UNAVAILABLE && !c.bus && in->args.count == 0)
        return say_away(in, err, err);
    if (status == STATUS_OK) {
        const struct doctor_options options = {.bus = c.bus,
                                               .settings = in->settings,
                                               .log_url = settings_text(in->settings, SETTING_POSTGRES_URL)};
        status = doctor_open(&options, &d, err);
    }
    if (status == STATUS_OK)
        status = examine(in, &d, id, still_ms, err);
    doctor_close(&d);
    client_close(&c);
    return status;
}
