#include "patience.h"

#include <time.h>

enum { PAUSES_A_SECOND = 5 };

bool patience_is_over(const struct patience *p)
{
    return p->is_over(p->context);
}

bool patience_pauses(const struct patience *p)
{
    const struct timespec pause = {.tv_nsec = 1000000000 / PAUSES_A_SECOND};
    if (patience_is_over(p))
        return false;
    nanosleep(&pause, NULL);
    return true;
}

bool patience_lasts_a_second(const struct patience *p)
{
    for (int i = 0; i < PAUSES_A_SECOND; i++) {
        if (!patience_pauses(p))
            return false;
    }
    return true;
}

bool patience_tries_again(const struct patience *p, enum status status)
{
    return status != STATUS_OK && status_may_retry(status) && patience_pauses(p);
}
