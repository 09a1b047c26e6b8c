#include "partitions_watch.h"

#include "topology.h"

enum { LOOK_MS = 2000 };

bool partitions_watch_refuses(void *watch)
{
    struct partitions_watch *w = watch;
    struct error err;
    bool is_time = w->looked.ns == 0 || mono_ms_since(w->looked) >= LOOK_MS;
    if (!is_time || w->may_not_look || !bus_is_connected(w->bus))
        return false;
    enum status seen = topology_check_partitions(w->bus, w->subjects, STREAM_EVENTS, &err);
    w->looked = mono_now();
    w->may_not_look = seen == STATUS_DENIED;
    if (seen != STATUS_CONFLICT)
        return false;
    *w->err = err;
    w->status = seen;
    return true;
}
