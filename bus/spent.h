/*
 * Messages of nats.c that are done with. natsMsg_Destroy() gives each to a thread of the library that frees
 * it, and wakes that thread when it sleeps, which under load is a change of threads for nearly every message.
 * Here a thread keeps what it is done with and destroys a few dozen at a time.
 */
#ifndef BUS_SPENT_H
#define BUS_SPENT_H

#include <nats/nats.h>

/* Takes the message over; NULL is allowed. What a thread keeps is bounded, and goes when the thread ends. */
void spent_message(natsMsg *msg);

#endif
