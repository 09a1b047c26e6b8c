#include "compiled.h"

#include <pthread.h>

#include "core/digest.h"

enum { CACHED = 64 };

/* A slot holds a reference to its playbook, whose `digest` is the key. */
struct slot {
    struct playbook *playbook;
    uint64_t used; /* when, in lookups */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[CACHED];
static uint64_t lookups;

/* A new reference, or NULL. */
static struct playbook *find(const char *digest)
{
    struct playbook *found = NULL;
    pthread_mutex_lock(&lock);
    lookups++;
    for (size_t i = 0; i < CACHED && !found; i++) {
        if (slots[i].playbook && strcmp(slots[i].playbook->digest, digest) == 0) {
            slots[i].used = lookups;
            found = playbook_ref(slots[i].playbook);
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* In place of the one that was not used for the longest time. Two threads may add the same text: both copies
 * age. */
static void remember(struct playbook *playbook)
{
    pthread_mutex_lock(&lock);
    struct slot *oldest = &slots[0];
    for (size_t i = 1; i < CACHED; i++)
        if (slots[i].used < oldest->used)
            oldest = &slots[i];
    struct playbook *evicted = oldest->playbook;
    *oldest = (struct slot){playbook_ref(playbook), ++lookups};
    pthread_mutex_unlock(&lock);
    if (evicted)
        playbook_unref(evicted);
}

enum status compiled_playbook(struct str text, const char *name, struct playbook **out, struct error *err)
{
    char digest[65];
    sha256_hex(text, digest);
    *out = find(digest);
    if (*out)
        return STATUS_OK;

    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics);
    enum status status = playbook_compile(text, name, &diagnostics, out, err);
    diagnostics_free(&diagnostics);
    if (status == STATUS_OK)
        remember(*out);
    return status;
}
