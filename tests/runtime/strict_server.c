#include "strict_server.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/port.h"

static void write_configuration(const struct strict_server *s, const char *more)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/nats.conf", s->folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "listen: \"127.0.0.1:%u\"\njetstream { store_dir: \"%s\" }\nlog_file: \"%s/log\"\n%s\n",
            s->port, s->folder, s->folder, more);
    assert_int_equal(0, fclose(f));
}

static bool answers(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

static void start_process(struct strict_server *s)
{
    static const char *const folders[] = {"/usr/sbin", NULL};
    char program[256], path[300];
    struct error err;
    assert_true(process_find("nats-server", folders, program, sizeof(program)));
    snprintf(path, sizeof(path), "%s/nats.conf", s->folder);
    const char *const argv[] = {program, "-c", path, NULL};
    struct process_options o = {
        .argv = argv, .in = -1, .out = -1, .error = -1, .own_group = true, .die_with_parent = true};
    assert_int_equal(STATUS_OK, process_start(&o, &s->process, &err));
}

/* False when it ended: somebody else took the port first. */
static bool await_ready(struct strict_server *s)
{
    int code;
    while (!process_wait(&s->process, 20, &code))
        if (answers(s->port))
            return true;
    return false;
}

void strict_server_start(struct strict_server *s, const char *configuration)
{
    int tries = 0;
    snprintf(s->folder, sizeof(s->folder), "/tmp/noetl-strict-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    do {
        assert_true(tries++ < 5);
        s->port = port_find_free();
        write_configuration(s, configuration);
        start_process(s);
    } while (!await_ready(s));
    snprintf(s->url, sizeof(s->url), "nats://127.0.0.1:%u", s->port);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void strict_server_stop(struct strict_server *s)
{
    int code;
    process_end(&s->process, 10000, &code);
    nftw(s->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
