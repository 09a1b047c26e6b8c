/*
 * A client of NATS that knows nothing but the protocol
 * (https://docs.nats.io/reference/reference-protocols/nats-protocol): a TCP connection and lines of text. It
 * stands for whoever has only that: the nats CLI, another language, a shell. Any trouble fails the test.
 */
#ifndef TESTS_PLAIN_CLIENT_H
#define TESTS_PLAIN_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct plain_client {
    int fd;
    int next_sid;
    char *in; /* what was read and not yet used */
    size_t in_len, in_cap;
};

struct plain_message {
    int sid;
    char subject[256];
    char headers[1024]; /* "" if none */
    char *payload;      /* ended by a zero byte; the caller frees it */
    size_t len;
};

void plain_connect(struct plain_client *c, uint16_t port);
void plain_close(struct plain_client *c);
/* Returns the subscription's number. */
int plain_subscribe(struct plain_client *c, const char *subject);
/* `reply` may be NULL. */
void plain_publish(struct plain_client *c, const char *subject, const char *reply, const char *payload);
/* With one header. */
void plain_publish_with_header(struct plain_client *c, const char *subject, const char *reply,
                               const char *header, const char *payload);
/* The next message of any subscription. */
void plain_next(struct plain_client *c, struct plain_message *out);
/* Publishes with an inbox for the reply and waits for the first answer: its payload, which the caller frees.
 */
char *plain_request(struct plain_client *c, const char *subject, const char *payload);
/* The same with its headers too. */
void plain_request_message(struct plain_client *c, const char *subject, const char *payload,
                           struct plain_message *out);

#endif
