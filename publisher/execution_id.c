#include "execution_id.h"

#include <pthread.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/id.h"
#include "runtime/clock.h"

enum { NODES = 1024, SEQUENCES = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t last_ms; /* of the newest id, which may be ahead of the clock */
static uint32_t next_sequence;

int64_t execution_id_next(uint32_t node)
{
    int64_t now_ms = wall_now().ns / 1000000;
    pthread_mutex_lock(&lock);
    if (now_ms > last_ms) {
        last_ms = now_ms;
        next_sequence = 0;
    } else if (next_sequence == SEQUENCES) {
        last_ms++;
        next_sequence = 0;
    }
    int64_t id = id_from_time(last_ms, node % NODES, next_sequence++);
    pthread_mutex_unlock(&lock);
    return id;
}

uint32_t execution_id_node(void)
{
    char text[256 + sizeof(pid_t)] = {0};
    if (gethostname(text, 255) != 0)
        text[0] = '\0';
    size_t len = strlen(text);
    pid_t pid = getpid();
    memcpy(text + len, &pid, sizeof pid);
    return fnv1a32((struct str){text, len + sizeof pid}) % NODES;
}
