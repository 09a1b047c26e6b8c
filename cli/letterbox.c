#include "letterbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_BYTES = 64 << 20 };

void letterbox_init(struct letterbox *box)
{
    *box = (struct letterbox){.last = &box->first, .signal = -1};
    (void)pthread_mutex_init(&box->lock, NULL);
}

enum status letterbox_open(struct letterbox *box, struct error *err)
{
    box->signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (box->signal >= 0)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "cannot wait for events: %s", strerror(errno));
}

void letterbox_close(struct letterbox *box)
{
    for (struct letter *letter = letterbox_take(box), *next; letter; letter = next) {
        next = letter->next;
        free(letter);
    }
    if (box->signal >= 0)
        (void)close(box->signal);
    (void)pthread_mutex_destroy(&box->lock);
}

void letterbox_receive(void *context, const struct bus_message *message)
{
    struct letterbox *box = context;
    struct letter *letter = malloc(sizeof(*letter) + message->payload.len);
    if (!letter)
        return;
    *letter = (struct letter){.len = message->payload.len};
    memcpy(letter->text, message->payload.ptr, letter->len);
    pthread_mutex_lock(&box->lock);
    bool fits = box->bytes + letter->len <= MAX_BYTES;
    if (fits) {
        *box->last = letter;
        box->last = &letter->next;
        box->bytes += letter->len;
    }
    pthread_mutex_unlock(&box->lock);
    if (!fits)
        free(letter);
    else
        (void)eventfd_write(box->signal, 1);
}

struct letter *letterbox_take(struct letterbox *box)
{
    pthread_mutex_lock(&box->lock);
    struct letter *all = box->first;
    box->first = NULL;
    box->last = &box->first;
    box->bytes = 0;
    pthread_mutex_unlock(&box->lock);
    return all;
}

enum status letterbox_wait(struct letterbox *box, int interrupt, int64_t wait_ms, bool *interrupted,
                           struct error *err)
{
    struct pollfd fds[] = {{box->signal, POLLIN, 0}, {interrupt, POLLIN, 0}};
    if (poll(fds, 2, (int)wait_ms) < 0 && errno != EINTR)
        return error_set(err, STATUS_IO, "cannot wait for events: %s", strerror(errno));
    eventfd_t count;
    if (fds[0].revents & POLLIN)
        (void)eventfd_read(box->signal, &count);
    *interrupted = (fds[1].revents & POLLIN) != 0;
    return STATUS_OK;
}
