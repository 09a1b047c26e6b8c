/* What the parts of one worker share. */
#ifndef WORKER_STATION_H
#define WORKER_STATION_H

#include "again.h"
#include "elsewhere.h"
#include "report.h"

/* Outlives the crew. */
struct station {
    const struct settings *settings;
    struct bus *bus;
    const struct subjects *subjects;
    struct lease_keeper *keeper;
    struct reporter *reporter;
    struct again again;
    struct elsewhere elsewhere;
    char name[128]; /* of this worker */
};

#endif
