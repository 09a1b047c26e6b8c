/* A worker as a process of its own: each argument is a setting, name=value. */
#include <stdio.h>

#include "runtime/log.h"
#include "worker/tools/duckdb_child.h"
#include "worker/worker.h"

static enum status serve(int argc, char **argv, struct settings *settings, struct error *err)
{
    for (int i = 1; i < argc; i++) {
        struct str value = str_of(argv[i]), name = str_split(&value, '=');
        TRY(settings_set(settings, SOURCE_FLAG, "test", name, value, err));
    }
    return worker_serve(settings, err);
}

int main(int argc, char **argv)
{
    if (duckdb_child_wanted(argc, argv))
        return duckdb_child_main();
    struct settings *settings = NULL;
    struct error err = {0};
    char text[2048];
    log_setup("worker", LOG_ERROR, false);
    enum status s = settings_new(&settings, &err);
    if (s == STATUS_OK)
        s = serve(argc, argv, settings, &err);
    if (s != STATUS_OK)
        fprintf(stderr, "worker: %s\n", error_text(&err, text, sizeof(text)));
    settings_free(&settings);
    return status_exit_code(s);
}
