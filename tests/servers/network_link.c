#include "network_link.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

enum { GRACE_MS = 2000 };

static void start(struct network_link *l, int in, int out)
{
    const char *const argv[] = {"/usr/bin/python3", PROXY_SCRIPT, NULL};
    const struct process_options options = {
        .argv = argv, .in = in, .out = out, .error = STDERR_FILENO, .die_with_parent = true};
    struct error err = {0};
    assert_ok(process_start(&options, &l->proxy, &err), &err);
}

/* Its answer, which is a line. */
static void tell(struct network_link *l, const char *order, char answer[16])
{
    assert_true(fprintf(l->orders, "%s\n", order) > 0);
    assert_int_equal(fflush(l->orders), 0);
    assert_non_null(fgets(answer, 16, l->answers));
}

void network_link_open(struct network_link *l, uint16_t server_port)
{
    int in[2], out[2];
    char order[64], answer[16];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    start(l, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    l->orders = fdopen(in[1], "w");
    l->answers = fdopen(out[0], "r");
    assert_non_null(l->orders);
    assert_non_null(l->answers);
    snprintf(order, sizeof(order), "open link %u", server_port);
    tell(l, order, answer);
    l->port = (uint16_t)strtoul(answer, NULL, 10);
    assert_int_not_equal(l->port, 0);
}

static void set(struct network_link *l, const char *order)
{
    char answer[16];
    tell(l, order, answer);
    assert_string_equal(answer, "ok\n");
}

void network_link_cut(struct network_link *l)
{
    set(l, "set link cut");
}

void network_link_mend(struct network_link *l)
{
    set(l, "set link pass");
}

void network_link_close(struct network_link *l)
{
    int code;
    fclose(l->orders);
    fclose(l->answers);
    process_end(&l->proxy, GRACE_MS, &code);
}
