#include "inner.h"

enum { PLAYBOOKS_KEPT = 64 };

static enum status open_log(struct doctor *d, const char *url, struct error *err)
{
    if (!url[0]) {
        (void)error_set(&d->log_trouble, STATUS_INVALID, "the setting postgres.url is empty");
        return STATUS_OK;
    }
    TRY(eventlog_open(url, "noetl doctor", &d->log, err));
    enum status status = eventlog_check(d->log, &d->log_trouble);
    if (status != STATUS_OK)
        return STATUS_OK;
    d->log_trouble = (struct error){0};
    status = eventlog_check_prefix(d->log, d->subjects.prefix, err);
    return status == STATUS_CONFLICT ? status
                                     : STATUS_OK; /* another installation's says nothing of this one */
}

/* Otherwise it would look for what carries an execution in the wrong partition, and call the rest well. */
static enum status check_partitions(struct doctor *d, struct error *err)
{
    enum status status = topology_check_all_partitions(d->bus, &d->subjects, err);
    return status == STATUS_CONFLICT ? status : STATUS_OK;
}

enum status doctor_open(const struct doctor_options *options, struct doctor *out, struct error *err)
{
    *out = (struct doctor){.bus = options->bus, .settings = options->settings};
    TRY(subjects_from_settings(options->settings, &out->subjects, err));
    TRY(check_partitions(out, err));
    topology_options_from_settings(options->settings, &out->topology);
    TRY(playbook_cache_new(PLAYBOOKS_KEPT, &out->playbooks, err));
    return open_log(out, options->log_url, err);
}

void doctor_close(struct doctor *d)
{
    playbook_cache_free(&d->playbooks);
    eventlog_close(&d->log);
}

bool is_blind(enum status s)
{
    return s == STATUS_DENIED || s == STATUS_TIMEOUT || s == STATUS_UNAVAILABLE || s == STATUS_NOT_FOUND;
}
