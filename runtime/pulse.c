#include "pulse.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "clock.h"

enum { SLOTS = 64, NONE = 0, MOST_MS = 60000, A_DAY_MS = 86400000 };

static struct slot {
    _Atomic(const char *) name; /* NULL: free */
    _Atomic int64_t since_ns;   /* when the round began; NONE: it rests */
} slots[SLOTS];

static _Thread_local struct slot *mine;

void pulse_begin(const char *name)
{
    for (size_t i = 0; i < SLOTS && !mine; i++) {
        const char *nobody = NULL;
        if (!atomic_compare_exchange_strong(&slots[i].name, &nobody, name))
            continue;
        mine = &slots[i];
        atomic_store(&mine->since_ns, NONE);
    }
}

void pulse_end(void)
{
    if (!mine)
        return;
    atomic_store(&mine->since_ns, NONE);
    atomic_store(&mine->name, NULL);
    mine = NULL;
}

void pulse_work(void)
{
    if (mine)
        atomic_store_explicit(&mine->since_ns, mono_now().ns, memory_order_relaxed);
}

void pulse_rest(void)
{
    if (mine)
        atomic_store_explicit(&mine->since_ns, NONE, memory_order_relaxed);
}

void pulse_waits(bool begins)
{
    if (begins)
        pulse_rest();
    else
        pulse_work();
}

int64_t pulse_most_ms(void)
{
    const char *text = getenv("NOETL_TEST_PULSE_MS");
    char *end = NULL;
    long long ms = text ? strtoll(text, &end, 10) : 0;
    return ms > 0 && *end == '\0' && ms <= A_DAY_MS ? ms : MOST_MS;
}

const char *pulse_find_stuck(int64_t now_ns, int64_t most_ms)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const char *name = atomic_load(&slots[i].name);
        int64_t since_ns = atomic_load(&slots[i].since_ns);
        if (name && since_ns != NONE && now_ns - since_ns > most_ms * 1000000)
            return name;
    }
    return NULL;
}
