#include "python_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/task_log.h"

extern const unsigned char python_child_text[];
extern const size_t python_child_text_size;

enum { HEAD_BYTES = 4, HELLO_MAX = 4096, ASK_AGAIN_MS = 20 };

/* Reads the program from the socket, so that neither a file nor a long command line is needed. */
static const char bootstrap[] = "import sys\n"
                                "f = open(0, 'rb', closefd=False)\n"
                                "t = f.read(int(sys.argv[1]))\n"
                                "exec(compile(t, '<noetl>', 'exec'), "
                                "{'__name__': 'noetl', '__noetl_file__': '<noetl>'})\n";

void python_child_init(struct python_child *c)
{
    *c = (struct python_child){.exit_fd = -1, .requests.fd = -1, .answers.fd = -1, .prints.fd = -1};
}

int python_child_kill(struct python_child *c)
{
    int code = child_kill(&c->process);
    child_stream_close(&c->requests);
    child_stream_close(&c->answers);
    child_stream_close(&c->prints);
    if (c->exit_fd >= 0)
        close(c->exit_fd);
    python_child_init(c);
    return code;
}

/* ---- conversation --------------------------------------------------------------------------------- */

static void put_length(uint8_t head[HEAD_BYTES], size_t len)
{
    for (int i = 0; i < HEAD_BYTES; i++)
        head[i] = (uint8_t)(len >> (8 * (HEAD_BYTES - 1 - i)));
}

static size_t get_length(const char *head)
{
    size_t len = 0;
    for (int i = 0; i < HEAD_BYTES; i++)
        len = len << 8 | (uint8_t)head[i];
    return len;
}

static bool is_whole(const struct buf *answer)
{
    return answer->len >= HEAD_BYTES && answer->len >= HEAD_BYTES + get_length(answer->data);
}

static bool is_too_long(const struct buf *answer, size_t max)
{
    return answer->len >= HEAD_BYTES && get_length(answer->data) > max;
}

/* How a conversation ended. */
enum end { ANSWERED, STOPPED, TOO_LONG, ENDED, INTERFERED };

static enum end whole_or(const struct buf *answer, enum end otherwise)
{
    return is_whole(answer) ? ANSWERED : otherwise;
}

static enum end listen_for(struct python_child *c, const struct task_stop *stop, size_t answer_max)
{
    struct child_stream *streams[] = {&c->requests, &c->answers, &c->prints};
    const struct buf *answer = c->answers.keep;
    while (!is_whole(answer)) {
        int events = child_serve(streams, 3, stop->fd, c->exit_fd, c->exit_fd >= 0 ? -1 : ASK_AGAIN_MS);
        if (events & CHILD_STOP)
            return whole_or(answer, STOPPED);
        if (is_too_long(answer, answer_max))
            return TOO_LONG;
        if (c->answers.fd < 0 || child_has_ended(&c->process)) {
            child_drain(&c->answers);
            return whole_or(answer, child_is_ending(&c->process, c->exit_fd) ? ENDED : INTERFERED);
        }
    }
    /* One request, one answer: anything else on the socket is the task's doing. */
    bool exact = c->requests.unsent.len == 0 && answer->len == HEAD_BYTES + get_length(answer->data);
    return exact ? ANSWERED : INTERFERED;
}

static enum status ended(int code, struct error *err)
{
    if (code > 128 && sigabbrev_np(code - 128))
        error_set(err, STATUS_RUNTIME, "the Python process was killed by SIG%s before the task was done",
                  sigabbrev_np(code - 128));
    else
        error_set(err, STATUS_RUNTIME, "the Python process ended with exit code %d before the task was done",
                  code);
    return error_hint(err,
                      "Return from main() instead of ending the process; SIGKILL is often a lack of memory.");
}

/* Anything but an answer leaves the child in an unknown state: it dies. */
static enum status give_up(struct python_child *c, enum end end, const struct task_stop *stop,
                           size_t answer_max, struct error *err)
{
    int code = python_child_kill(c);
    int reason = atomic_load(&stop->reason);
    switch (end) {
    case STOPPED:
        return error_set(err, reason ? (enum status)reason : STATUS_CANCELLED,
                         "the Python process was stopped");
    case TOO_LONG:
        return error_set(err, STATUS_LIMIT, "the Python process answered with more than %zu bytes",
                         answer_max);
    case ENDED: return ended(code, err);
    case INTERFERED:
    case ANSWERED: break;
    }
    return error_set(err, STATUS_RUNTIME,
                     "the task closed or wrote to the descriptors that its Python process uses");
}

static void unframe(struct buf *answer)
{
    answer->len -= HEAD_BYTES;
    memmove(answer->data, answer->data + HEAD_BYTES, answer->len);
    answer->data[answer->len] = 0;
}

static enum status converse(struct python_child *c, struct str message, const struct task_stop *stop,
                            size_t answer_max, struct buf *answer, struct buf *log, uint64_t *printed,
                            struct error *err)
{
    c->requests.unsent = message;
    c->answers.keep = answer;
    c->answers.keep_max = answer_max + HEAD_BYTES + 1;
    c->prints.keep = log;
    c->prints.keep_max = task_log_limit(log);
    c->prints.total = 0;
    enum end end = listen_for(c, stop, answer_max);
    child_drain(&c->prints);
    *printed = c->prints.total;
    c->requests.unsent = (struct str){"", 0};
    c->answers.keep = c->prints.keep = NULL;
    if (end != ANSWERED)
        return give_up(c, end, stop, answer_max, err);
    TRY(buf_status(answer, err));
    unframe(answer);
    return STATUS_OK;
}

enum status python_child_ask(struct python_child *c, struct str request, const struct task_stop *stop,
                             size_t answer_max, struct buf *answer, struct buf *log, uint64_t *printed,
                             struct error *err)
{
    *printed = 0;
    if (request.len > UINT32_MAX)
        return error_set(err, STATUS_LIMIT, "the task's arguments have %zu bytes", request.len);
    uint8_t head[HEAD_BYTES];
    put_length(head, request.len);
    struct buf message;
    buf_init(&message, 0);
    buf_add(&message, head, HEAD_BYTES);
    buf_add_str(&message, request);
    enum status s = buf_status(&message, err);
    if (s == STATUS_OK)
        s = converse(c, buf_str(&message), stop, answer_max, answer, log, printed, err);
    buf_free(&message);
    return s;
}

/* ---- start ---------------------------------------------------------------------------------------- */

static enum status socket_streams(struct python_child *c, int *child_end, struct error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(err, STATUS_IO, "a socket for the Python process: %m");
    *child_end = ends[1];
    c->requests = (struct child_stream){.fd = ends[0], .to_child = true, .stay_open = true};
    c->answers = (struct child_stream){.fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 3)};
    if (c->answers.fd < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        return error_set(err, STATUS_IO, "a socket for the Python process: %m");
    return STATUS_OK;
}

static enum status launch(struct python_child *c, const char *program, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    const char *const *env = NULL;
    int socket_end = -1, print_end = -1;
    enum status s = child_environment(&a, VALUE_EMPTY_MAP, &env, err);
    if (s == STATUS_OK)
        s = socket_streams(c, &socket_end, err);
    if (s == STATUS_OK)
        s = child_pipe(&c->prints, false, &print_end, err);
    struct str size = arena_printf(&a, "%zu", python_child_text_size);
    const char *const argv[] = {program, "-c", bootstrap, size.ptr, NULL};
    struct process_options options = {.argv = argv,
                                      .env = env,
                                      .in = socket_end,
                                      .out = print_end,
                                      .error = print_end,
                                      .own_group = true,
                                      .die_with_parent = true};
    if (s == STATUS_OK)
        s = process_start(&options, &c->process, err);
    if (socket_end >= 0)
        close(socket_end);
    if (print_end >= 0)
        close(print_end);
    arena_free(&a);
    c->exit_fd = child_exit_fd(&c->process);
    return s;
}

/* The program goes out, and the child's hello, {"version": "3.11.2"}, comes back. */
static enum status greet(struct python_child *c, const struct task_stop *stop, struct error *err)
{
    struct buf answer, said;
    buf_init(&answer, 0);
    task_log_init(&said, HELLO_MAX);
    uint64_t printed;
    struct str program = {(const char *)python_child_text, python_child_text_size};
    enum status s = converse(c, program, stop, HELLO_MAX, &answer, &said, &printed, err);
    if (s != STATUS_OK && said.len > 0)
        error_hint(err, "It said: %" PRISTR, ARGSTR(str_trim(buf_str(&said))));
    buf_free(&answer);
    buf_free(&said);
    return s;
}

enum status python_child_start(struct python_child *c, const char *program, const struct task_stop *stop,
                               struct error *err)
{
    if (c->process.pid > 0 && !child_has_ended(&c->process))
        return STATUS_OK;
    python_child_kill(c);
    enum status s = launch(c, program, err);
    if (s == STATUS_OK)
        s = greet(c, stop, err);
    if (s == STATUS_OK)
        return STATUS_OK;
    python_child_kill(c);
    error_wrap(err, "starting %s", program);
    if (s == STATUS_NOT_FOUND)
        return error_hint(err, "Install Python 3, or name the program in the setting worker.python.");
    return s;
}
