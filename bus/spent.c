#include "spent.h"

#include <pthread.h>

enum { MOST_KEPT = 64, MOST_BYTES = 64 << 10 };

struct kept {
    natsMsg *messages[MOST_KEPT];
    int count, bytes;
};

static _Thread_local struct kept kept;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_end;
static bool has_end; /* the end of a thread can be heard of */

static void destroy_all(void *kept_by_thread)
{
    struct kept *k = kept_by_thread;
    for (int i = 0; i < k->count; i++)
        natsMsg_Destroy(k->messages[i]);
    k->count = k->bytes = 0;
}

static void make_key(void)
{
    has_end = pthread_key_create(&at_end, destroy_all) == 0;
}

void spent_message(natsMsg *msg)
{
    int size = msg ? natsMsg_GetDataLength(msg) : 0;
    pthread_once(&once, make_key);
    if (!msg || size >= MOST_BYTES || !has_end || pthread_setspecific(at_end, &kept) != 0) {
        natsMsg_Destroy(msg);
        return;
    }
    kept.messages[kept.count++] = msg;
    kept.bytes += size;
    if (kept.count == MOST_KEPT || kept.bytes >= MOST_BYTES)
        destroy_all(&kept);
}
