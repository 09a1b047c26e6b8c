#include "http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

void http_server_start(struct http_server *s)
{
    char path[512], line[32] = "", text[1024];
    int in[2], out[2];
    struct error err;
    snprintf(path, sizeof(path), "%s/tests/worker/http_server.py", getenv("NOETL_SOURCE_DIR"));
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    const char *const argv[] = {"python3", path, NULL};
    struct process_options options = {
        .argv = argv, .in = in[0], .out = out[1], .error = STDERR_FILENO, .die_with_parent = true};
    if (process_start(&options, &s->process, &err) != STATUS_OK)
        fail_msg("%s", error_text(&err, text, sizeof(text)));
    close(in[0]);
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    fclose(f);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%ld", strtol(line, NULL, 10));
    /* in[1] stays open to the end of the test program: its end is the server's. */
}

void http_server_stop(struct http_server *s)
{
    int code;
    process_end(&s->process, 1000, &code);
}
