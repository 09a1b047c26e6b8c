/* What the parts of one worker share. */
#ifndef WORKER_STATION_H
#define WORKER_STATION_H

#include "again.h"
#include "elsewhere.h"
#include "report.h"

/* The newest execution of which no broker said whether it goes on; not asked about again before until_ns. */
struct unanswered {
    _Atomic int64_t execution_id;
    _Atomic int64_t until_ns; /* monotonic */
};

/* Outlives the crew. */
struct station {
    const struct settings *settings;
    struct bus *bus;
    const struct subjects *subjects;
    struct lease_keeper *keeper;
    struct reporter *reporter;
    struct again again;
    struct elsewhere elsewhere;
    struct unanswered unanswered;
    char name[128]; /* of this worker */
};

#endif
