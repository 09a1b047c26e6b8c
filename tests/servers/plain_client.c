#include "plain_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Far more than any answer takes: it only ends a test that would hang. */
enum { PATIENCE_MS = 60000 };

static void send_bytes(struct plain_client *c, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(c->fd, bytes, len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void send_line(struct plain_client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void send_line(struct plain_client *c, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(line, sizeof line - 2, fmt, args);
    va_end(args);
    assert_in_range(len, 1, sizeof line - 3);
    memcpy(line + len, "\r\n", 2);
    send_bytes(c, line, (size_t)len + 2);
}

static void read_more(struct plain_client *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) != 1)
        fail_msg("the NATS server said nothing for %d s", PATIENCE_MS / 1000);
    if (c->in_cap - c->in_len < 65536) {
        c->in_cap = c->in_cap * 2 + 131072;
        c->in = realloc(c->in, c->in_cap);
        assert_non_null(c->in);
    }
    ssize_t got = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
    assert_true(got > 0);
    c->in_len += (size_t)got;
}

static void use(struct plain_client *c, size_t len)
{
    memmove(c->in, c->in + len, c->in_len - len);
    c->in_len -= len;
}

/* One line without its end. */
static void read_line(struct plain_client *c, char *line, size_t size)
{
    char *end;
    while (!(end = c->in ? memmem(c->in, c->in_len, "\r\n", 2) : NULL))
        read_more(c);
    size_t len = (size_t)(end - c->in);
    assert_in_range(len, 0, size - 1);
    memcpy(line, c->in, len);
    line[len] = '\0';
    use(c, len + 2);
}

/* `len` bytes and the line end behind them, which is left out; the caller frees. */
static char *read_block(struct plain_client *c, size_t len)
{
    while (c->in_len < len + 2)
        read_more(c);
    char *block = malloc(len + 1);
    assert_non_null(block);
    memcpy(block, c->in, len);
    block[len] = '\0';
    use(c, len + 2);
    return block;
}

void plain_connect(struct plain_client *c, uint16_t port)
{
    char info[8192];
    *c = (struct plain_client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .next_sid = 1};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof to), 0);
    read_line(c, info, sizeof info);
    assert_memory_equal(info, "INFO {", 6);
    send_line(c, "CONNECT "
                 "{\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"name\":"
                 "\"plain\",\"lang\":\"none\","
                 "\"version\":\"0\",\"protocol\":1}");
}

void plain_close(struct plain_client *c)
{
    close(c->fd);
    free(c->in);
}

int plain_subscribe(struct plain_client *c, const char *subject)
{
    int sid = c->next_sid++;
    send_line(c, "SUB %s %d", subject, sid);
    return sid;
}

void plain_publish(struct plain_client *c, const char *subject, const char *reply, const char *payload)
{
    send_line(c, "PUB %s %s %zu", subject, reply ? reply : "", strlen(payload));
    send_bytes(c, payload, strlen(payload));
    send_bytes(c, "\r\n", 2);
}

void plain_publish_with_header(struct plain_client *c, const char *subject, const char *reply,
                               const char *header, const char *payload)
{
    char head[512];
    int len = snprintf(head, sizeof head, "NATS/1.0\r\n%s\r\n\r\n", header);
    send_line(c, "HPUB %s %s %d %zu", subject, reply ? reply : "", len, (size_t)len + strlen(payload));
    send_bytes(c, head, (size_t)len);
    send_bytes(c, payload, strlen(payload));
    send_bytes(c, "\r\n", 2);
}

/* "MSG subject sid [reply] bytes" or "HMSG subject sid [reply] header-bytes bytes". */
static void take_message(struct plain_client *c, char *line, struct plain_message *out)
{
    char *words[6] = {0}, *rest = line, *word;
    size_t count = 0;
    while (count < 6 && (word = strsep(&rest, " ")))
        words[count++] = word;
    bool has_headers = strcmp(words[0], "HMSG") == 0;
    assert_in_range(count, has_headers ? 5 : 4, has_headers ? 6 : 5);
    size_t header_len = has_headers ? strtoul(words[count - 2], NULL, 10) : 0;
    size_t len = strtoul(words[count - 1], NULL, 10);

    *out = (struct plain_message){.sid = atoi(words[2]), .len = len - header_len};
    snprintf(out->subject, sizeof out->subject, "%s", words[1]);
    char *block = read_block(c, len);
    snprintf(out->headers, sizeof out->headers, "%.*s", (int)header_len, block);
    memmove(block, block + header_len, len - header_len + 1);
    out->payload = block;
}

void plain_next(struct plain_client *c, struct plain_message *out)
{
    char line[8192];
    for (;;) {
        read_line(c, line, sizeof line);
        if (strcmp(line, "PING") == 0) {
            send_line(c, "PONG");
        } else if (strncmp(line, "MSG ", 4) == 0 || strncmp(line, "HMSG ", 5) == 0) {
            take_message(c, line, out);
            return;
        } else if (strncmp(line, "-ERR", 4) == 0) {
            fail_msg("the NATS server says %s", line);
        }
    }
}

void plain_request_message(struct plain_client *c, const char *subject, const char *payload,
                           struct plain_message *out)
{
    char inbox[64];
    snprintf(inbox, sizeof inbox, "_INBOX.plain.%d.%d", (int)getpid(), c->next_sid);
    int sid = plain_subscribe(c, inbox);
    plain_publish(c, subject, inbox, payload);
    for (;;) {
        plain_next(c, out);
        if (out->sid == sid)
            break;
        free(out->payload); /* of another subscription, which the test did not wait for */
    }
    send_line(c, "UNSUB %d", sid);
}

char *plain_request(struct plain_client *c, const char *subject, const char *payload)
{
    struct plain_message m;
    plain_request_message(c, subject, payload, &m);
    return m.payload;
}
