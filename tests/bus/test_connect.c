/* Connecting: to nobody, to somebody who comes later, to somebody who freezes. */
#include "fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/port.h"

struct heard {
    pthread_mutex_t mutex;
    int connects, disconnects;
    char last[256];
};

static void on_event(void *context, bool connected, const char *detail)
{
    struct heard *h = context;
    pthread_mutex_lock(&h->mutex);
    h->connects += connected;
    h->disconnects += !connected;
    snprintf(h->last, sizeof(h->last), "%s", detail);
    pthread_mutex_unlock(&h->mutex);
}

static void nobody_there_is_an_error_that_names_the_place(void **state)
{
    (void)state;
    char url[128];
    struct bus *bus = NULL;
    struct error err;
    snprintf(url, sizeof(url), "nats://somebody:secret@127.0.0.1:%u", port_find_free());
    struct bus_options o = {.servers = url, .name = "test", .connect_timeout_ms = 2000};
    assert_int_equal(STATUS_UNAVAILABLE, bus_open(&o, &bus, &err));
    assert_null(bus);
    assert_non_null(strstr(err.place, "127.0.0.1"));
    assert_null(strstr(err.place, "secret"));
    assert_null(strstr(err.message, "secret"));
    assert_true(err.hint[0] != '\0');
}

static void a_bad_address_is_refused(void **state)
{
    (void)state;
    struct bus *bus = NULL;
    struct error err;
    const char *const bad[] = {"", "nats://127.0.0.1:abc"};
    for (size_t i = 0; i < 4; i++) {
        struct bus_options o = {
            .servers = bad[i / 2], .name = "test", .connect_timeout_ms = 2000, .retry_connect = i % 2};
        assert_int_equal(STATUS_INVALID, bus_open(&o, &bus, &err));
    }
}

static void a_daemon_waits_for_its_server(void **state)
{
    (void)state;
    struct servers s = {.folder = ""};
    struct heard h = {.connects = 0};
    struct bus *bus = NULL;
    struct error err;
    struct record r;
    char url[64], folder[300];
    uint16_t port = port_find_free();
    pthread_mutex_init(&h.mutex, NULL);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%u", port);
    struct bus_options o = {.servers = url,
                            .name = "test",
                            .connect_timeout_ms = 5000,
                            .retry_connect = true,
                            .on_event = on_event,
                            .context = &h};
    must(bus_open(&o, &bus, &err), &err);
    assert_false(bus_is_connected(bus));
    record_init(&r, bus);
    struct bus_publication p = {
        .subject = "late.a", .message_id = "x", .payload = STR("x"), .done = record_published, .context = &r};
    must(bus_publish_async(bus, &p, &err), &err);

    snprintf(s.folder, sizeof(s.folder), "/tmp/noetl-test-XXXXXX");
    assert_non_null(mkdtemp(s.folder));
    snprintf(folder, sizeof(folder), "%s/nats", s.folder);
    struct private_nats_options options = {.folder = folder, .port = {.port = port}};
    must(private_nats_start(&options, &s.nats, &err), &err);
    EVENTUALLY(bus_is_connected(bus));
    make_stream(bus, "late");
    EVENTUALLY(record_acks(&r) == 1);
    assert_true(h.connects == 1);
    bus_close(&bus);
    record_free(&r);
    servers_stop(&s);
}

/* The process ends with what it cannot mend. */
static void gives_up(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), status_exit_code(STATUS_UNAVAILABLE));
}

/* What is closed for good would be waited for in vain; whoever supervises the process starts it again. */
static void a_daemon_ends_when_the_server_that_comes_refuses_it(void **state)
{
    (void)state;
    struct servers s = {.folder = "/tmp/noetl-test-XXXXXX"};
    struct error err;
    char url[64], folder[300];
    uint16_t port = port_find_free();
    snprintf(url, sizeof(url), "nats://127.0.0.1:%u", port);
    struct bus_options o = {.servers = url,
                            .name = "test",
                            .user = "a",
                            .password = "no",
                            .connect_timeout_ms = 5000,
                            .retry_connect = true};
    int waits[2];
    char told;
    assert_int_equal(pipe(waits), 0);
    pid_t child = fork();
    if (child == 0) {
        struct bus *bus = NULL;
        alarm(60);
        if (bus_open(&o, &bus, &err) == STATUS_OK && write(waits[1], "w", 1) == 1)
            pause();
        _exit(99);
    }
    close(waits[1]);
    assert_int_equal(read(waits[0], &told, 1), 1);
    close(waits[0]);
    assert_non_null(mkdtemp(s.folder));
    snprintf(folder, sizeof(folder), "%s/nats", s.folder);
    struct private_nats_options options = {.folder = folder,
                                           .port = {.port = port},
                                           .configuration =
                                               "authorization { users: [ {user: a, password: b} ] }\n"};
    must(private_nats_start(&options, &s.nats, &err), &err);
    gives_up(child);
    servers_stop(&s);
}

/* ---- servers that behave as none should ---- */

static const char GREETING[] =
    "INFO "
    "{\"server_id\":\"X\",\"version\":\"2.9.10\",\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n";

static int listen_as_server(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, bind(listener, (struct sockaddr *)&address, sizeof(address)));
    assert_int_equal(0, listen(listener, 16));
    assert_int_equal(0, getsockname(listener, (struct sockaddr *)&address, &size));
    snprintf(url, 64, "nats://127.0.0.1:%u", ntohs(address.sin_port));
    return listener;
}

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL); /* the other side may have gone */
}

/* Until the client has gone, or has said the word and a line's end behind it: what stands between. */
static void hear(int fd, const char *word, char *behind, size_t size)
{
    char text[4096];
    size_t len = 0;
    behind[0] = '\0';
    for (ssize_t n; len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0;) {
        len += (size_t)n;
        text[len] = '\0';
        const char *found = strstr(text, word), *end = found ? strstr(found + strlen(word), "\r\n") : NULL;
        if (end) {
            snprintf(behind, size, "%.*s", (int)(end - found - strlen(word)), found + strlen(word));
            return;
        }
    }
}

struct breaking {
    int listener;
    const char
        *last; /* of the first connection: a beginning of a message, behind its subscription's number */
};

static void *break_off(void *argument)
{
    const struct breaking *b = argument;
    bool first = true;
    char text[128], number[16];
    for (int fd; (fd = accept(b->listener, NULL, NULL)) >= 0; first = false) {
        say(fd, GREETING);
        hear(fd, "PING", number, sizeof(number));
        say(fd, "PONG\r\n");
        hear(fd, "SUB x ", number, sizeof(number));
        snprintf(text, sizeof(text), "MSG x %s %s", number, first ? b->last : "5\r\nwhole\r\n");
        say(fd, first ? "" : "PING\r\n");
        say(fd, text);
        if (!first) {
            hear(fd, "PING", number, sizeof(number)); /* the client flushes before it leaves */
            say(fd, "PONG\r\n");
        }
        close(fd);
    }
    return NULL;
}

struct payloads {
    pthread_mutex_t mutex;
    char all[256];
};

static void collect_payload(void *context, const struct bus_message *m)
{
    struct payloads *p = context;
    size_t len = strlen(p->all);
    pthread_mutex_lock(&p->mutex);
    snprintf(p->all + len, sizeof(p->all) - len, "%" PRISTR ";", ARGSTR(m->payload));
    pthread_mutex_unlock(&p->mutex);
}

static bool has_come(struct payloads *p, const char *text)
{
    pthread_mutex_lock(&p->mutex);
    bool has = strcmp(p->all, text) == 0;
    pthread_mutex_unlock(&p->mutex);
    return has;
}

/* What comes behind it is read as what it is. */
static void break_off_behind(const char *last)
{
    static struct breaking server;
    char url[64];
    pthread_t thread;
    struct bus *bus = NULL;
    struct bus_subscription *subscription = NULL;
    struct payloads heard = {.all = ""};
    struct error err;
    pthread_mutex_init(&heard.mutex, NULL);
    server = (struct breaking){listen_as_server(url), last};
    assert_int_equal(0, pthread_create(&thread, NULL, break_off, &server));
    struct bus_options o = {
        .servers = url, .name = "test", .connect_timeout_ms = 5000, .retry_connect = true};
    must(bus_open(&o, &bus, &err), &err);
    must(bus_subscribe(bus, "x", NULL, collect_payload, &heard, &subscription, &err), &err);
    EVENTUALLY(has_come(&heard, "whole;"));
    bus_close(&bus);
    shutdown(server.listener, SHUT_RDWR); /* ends the server's thread */
    assert_int_equal(0, pthread_join(thread, NULL));
    close(server.listener);
    pthread_mutex_destroy(&heard.mutex);
}

/* nats.c's issue 1007, if it made the next connection itself. */
static void a_connection_may_end_within_a_message(void **state)
{
    (void)state;
    break_off_behind("10\r");             /* where the line ends */
    break_off_behind("10\r\nabc");        /* within the payload */
    break_off_behind("10\r\nabcdefghij"); /* before its end */
}

static void a_daemon_can_end_before_its_server_comes(void **state)
{
    (void)state;
    char url[64];
    struct bus *bus = NULL;
    struct error err;
    struct record r;
    struct bus_pull *pull = NULL;
    struct bus_reader *reader = NULL;
    snprintf(url, sizeof(url), "nats://127.0.0.1:%u", port_find_free());
    struct bus_options o = {
        .servers = url, .name = "test", .connect_timeout_ms = 2000, .retry_connect = true};
    must(bus_open(&o, &bus, &err), &err);
    record_init(&r, bus);
    must(bus_reader_start(bus, "s", NULL, (struct bus_place){0}, record_deliver, record_troubled, &r, &reader,
                          &err),
         &err);
    must(bus_pull_start(bus, "s", "c", record_deliver, record_troubled, &r, &pull, &err), &err);
    bus_pull_want(pull, 1);
    bus_pull_stop(&pull);
    bus_reader_stop(&reader);
    bus_close(&bus);
    record_free(&r);
}

static void connects_and_losses_are_told(void **state)
{
    (void)state;
    struct fixture f = {.bus = NULL};
    struct heard h = {.connects = 0};
    struct error err;
    pthread_mutex_init(&h.mutex, NULL);
    servers_start_nats(&f.servers);
    struct bus_options o = {.servers = f.servers.nats.url,
                            .name = "test",
                            .connect_timeout_ms = 5000,
                            .on_event = on_event,
                            .context = &h};
    must(bus_open(&o, &f.bus, &err), &err);
    fixture_crash(&f);
    EVENTUALLY(bus_is_connected(f.bus));
    bus_close(&f.bus);
    assert_int_equal(2, h.connects);
    assert_int_equal(1, h.disconnects);
    servers_stop(&f.servers);
}

static bool has_heard(struct heard *h, const char *text)
{
    pthread_mutex_lock(&h->mutex);
    bool is_there = strstr(h->last, text) != NULL;
    pthread_mutex_unlock(&h->mutex);
    return is_there;
}

/* Of the same port and storage, with one user. */
static void start_with_password(struct servers *s, uint16_t port, const char *password)
{
    char folder[300], configuration[128];
    struct error err;
    snprintf(folder, sizeof(folder), "%s/nats", s->folder);
    snprintf(configuration, sizeof(configuration), "authorization { user: somebody, password: %s }\n",
             password);
    struct private_nats_options options = {
        .folder = folder, .port = {.port = port}, .configuration = configuration};
    must(private_nats_start(&options, &s->nats, &err), &err);
}

static void a_login_that_is_refused_for_a_moment_is_tried_again(void **state)
{
    (void)state;
    struct servers s = {.folder = ""};
    struct heard h = {.connects = 0};
    struct bus *bus = NULL;
    struct error err;
    uint16_t port = port_find_free();
    char url[64];
    pthread_mutex_init(&h.mutex, NULL);
    snprintf(s.folder, sizeof(s.folder), "/tmp/noetl-test-XXXXXX");
    assert_non_null(mkdtemp(s.folder));
    start_with_password(&s, port, "one");
    snprintf(url, sizeof(url), "nats://127.0.0.1:%u", port);
    struct bus_options o = {.servers = url,
                            .name = "test",
                            .user = "somebody",
                            .password = "one",
                            .connect_timeout_ms = 5000,
                            .on_event = on_event,
                            .context = &h};
    must(bus_open(&o, &bus, &err), &err);
    private_nats_stop(&s.nats);
    start_with_password(&s, port, "two");
    EVENTUALLY(has_heard(&h, "Authorization Violation"));
    usleep(500000); /* in which a second try would come, were it not put off */
    private_nats_stop(&s.nats);
    start_with_password(&s, port, "one");
    EVENTUALLY(bus_is_connected(bus));
    bus_close(&bus);
    servers_stop(&s);
}

struct telling {
    int listener;
    uint16_t other;
    int times; /* connections that it takes; each ends when it has been told of the other */
};

/* Of a cluster. */
static void *tell_of_another(void *argument)
{
    const struct telling *t = argument;
    char greeting[256], ignored[16];
    snprintf(greeting, sizeof(greeting), "%.*s,\"connect_urls\":[\"127.0.0.1:%u\"]}\r\n",
             (int)(strlen(GREETING) - strlen("}\r\n")), GREETING, t->other);
    for (int i = 0; i < t->times; i++) {
        int fd = accept(t->listener, NULL, NULL);
        say(fd, greeting);
        hear(fd, "PING", ignored, sizeof(ignored));
        say(fd, "PONG\r\n");
        if (i + 1 == t->times)
            close(t->listener);
        close(fd);
    }
    return NULL;
}

/* With what the address that was given has before its "@". */
static void a_server_that_the_cluster_told_of_is_found(void **state)
{
    (void)state;
    struct servers s = {.folder = "/tmp/noetl-test-XXXXXX"};
    struct heard h = {.connects = 0};
    struct telling t = {.other = port_find_free(), .times = 1};
    struct bus *bus = NULL;
    struct error err;
    pthread_t thread;
    char url[64], with_password[96], there[96];
    pthread_mutex_init(&h.mutex, NULL);
    assert_non_null(mkdtemp(s.folder));
    start_with_password(&s, t.other, "one");
    t.listener = listen_as_server(url);
    snprintf(with_password, sizeof(with_password), "nats://somebody:one@%s", strstr(url, "127"));
    snprintf(there, sizeof(there), "to 127.0.0.1:%u", t.other);
    assert_int_equal(0, pthread_create(&thread, NULL, tell_of_another, &t));
    struct bus_options o = {.servers = with_password,
                            .name = "test",
                            .connect_timeout_ms = 5000,
                            .on_event = on_event,
                            .context = &h};
    must(bus_open(&o, &bus, &err), &err);
    EVENTUALLY(has_heard(&h, there));
    assert_int_equal(0, pthread_join(thread, NULL));
    bus_close(&bus);
    servers_stop(&s);
    pthread_mutex_destroy(&h.mutex);
}

/* The library does not tell of the one that it is connected to. */
static void a_told_server_is_gone_back_to(void **state)
{
    (void)state;
    struct telling given = {.times = 1}, told = {.other = port_find_free(), .times = 2};
    struct bus *bus = NULL;
    struct error err;
    pthread_t threads[2];
    char url[64];
    told.listener = listen_as_server(url);
    given.other = (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
    given.listener = listen_as_server(url);
    assert_int_equal(0, pthread_create(&threads[0], NULL, tell_of_another, &given));
    assert_int_equal(0, pthread_create(&threads[1], NULL, tell_of_another, &told));
    struct bus_options o = {.servers = url, .name = "test", .connect_timeout_ms = 5000};
    must(bus_open(&o, &bus, &err), &err);
    assert_int_equal(0, pthread_join(threads[0], NULL));
    assert_int_equal(0, pthread_join(threads[1], NULL)); /* the second time too */
    bus_close(&bus);
}

static void *greet_and_freeze(void *argument)
{
    int listener = *(int *)argument;
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
        say(fd, GREETING);
    return NULL;
}

/* The thread that the library loses in there spins: this is the last test, and the process ends soon after.
 */
static void a_server_that_freezes_is_given_up(void **state)
{
    (void)state;
    static int listener;
    char url[64];
    pthread_t thread;
    struct bus *bus = NULL;
    struct error err;
    listener = listen_as_server(url);
    assert_int_equal(0, pthread_create(&thread, NULL, greet_and_freeze, &listener));
    pthread_detach(thread);
    struct bus_options o = {.servers = url, .name = "test", .connect_timeout_ms = 500};
    assert_int_equal(STATUS_UNAVAILABLE, bus_open(&o, &bus, &err));
    assert_null(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_daemon_ends_when_the_server_that_comes_refuses_it), /* before the library has threads */
        cmocka_unit_test(a_connection_may_end_within_a_message),
        cmocka_unit_test(nobody_there_is_an_error_that_names_the_place),
        cmocka_unit_test(a_bad_address_is_refused),
        cmocka_unit_test(a_login_that_is_refused_for_a_moment_is_tried_again),
        cmocka_unit_test(a_daemon_waits_for_its_server),
        cmocka_unit_test(a_daemon_can_end_before_its_server_comes),
        cmocka_unit_test(connects_and_losses_are_told),
        cmocka_unit_test(a_server_that_the_cluster_told_of_is_found),
        cmocka_unit_test(a_told_server_is_gone_back_to),
        cmocka_unit_test(a_server_that_freezes_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
