#include "rate_limit.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096, PROBES = 8, BURST_SECONDS = 2 };
#define NS_PER_S INT64_C(1000000000)

struct bucket {
    uint64_t client; /* 0: free */
    int64_t tokens;  /* in units of a token / 1e9 */
    int64_t at_ns;   /* when that was */
};

struct rate_limit {
    pthread_mutex_t lock;
    int64_t rate;
    struct bucket buckets[BUCKETS];
};

enum status rate_limit_new(uint32_t rate, struct rate_limit **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for limiting the rate of requests");
    pthread_mutex_init(&(*out)->lock, NULL);
    (*out)->rate = rate;
    return STATUS_OK;
}

void rate_limit_free(struct rate_limit **r)
{
    struct rate_limit *gone = *r;
    *r = NULL;
    if (!gone)
        return;
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}

static uint64_t number_of(const struct sockaddr *client)
{
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    uint64_t number = 0;
    if (client->sa_family == AF_INET) {
        memcpy(&address.v4, client, sizeof address.v4);
        number = address.v4.sin_addr.s_addr;
    } else if (client->sa_family == AF_INET6) {
        memcpy(&address.v6, client, sizeof address.v6);
        memcpy(&number, address.v6.sin6_addr.s6_addr, sizeof number);
    }
    return number + 1; /* not 0, which is a free bucket */
}

static void fill(const struct rate_limit *r, struct bucket *b, int64_t now_ns)
{
    int64_t most = BURST_SECONDS * NS_PER_S * r->rate, passed = now_ns - b->at_ns;
    if (passed >= BURST_SECONDS * NS_PER_S)
        b->tokens = most;
    else if (passed > 0)
        b->tokens = b->tokens + passed * r->rate < most ? b->tokens + passed * r->rate : most;
    b->at_ns = now_ns;
}

/* The client's, or else a free one, or the fullest of those that are looked at. */
static struct bucket *find(struct rate_limit *r, uint64_t client, int64_t now_ns)
{
    uint64_t start = (client * UINT64_C(0x9E3779B97F4A7C15)) >> 32;
    struct bucket *best = NULL;
    for (uint32_t i = 0; i < PROBES; i++) {
        struct bucket *b = &r->buckets[(start + i) % BUCKETS];
        if (b->client != 0)
            fill(r, b, now_ns);
        if (b->client == client)
            return b;
        if (!best || (best->client != 0 && (b->client == 0 || b->tokens > best->tokens)))
            best = b;
    }
    *best = (struct bucket){client, BURST_SECONDS * NS_PER_S * r->rate, now_ns};
    return best;
}

bool rate_limit_take(struct rate_limit *r, const struct sockaddr *client, int64_t now_ns)
{
    pthread_mutex_lock(&r->lock);
    struct bucket *b = find(r, number_of(client), now_ns);
    bool has = b->tokens >= NS_PER_S;
    if (has)
        b->tokens -= NS_PER_S;
    pthread_mutex_unlock(&r->lock);
    return has;
}
