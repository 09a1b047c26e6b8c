/*
 * noetl-render-bench WORKLOADS.json [SECONDS]: nanoseconds of a render of a compiled template, of a compile
 * with a render, and of a look into the cache with a render, for each workload. One JSON line per workload,
 * as the two other engines' programs beside it print: {"name", "render_ns", "compile_ns", "cached_ns"}; the
 * last is this engine's alone. The output of every workload is checked against its expected length and SHA-1
 * before anything is measured.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "render/template_cache.h"

enum { ROUNDS = 50, MAX_FILE = 16 << 20 };

struct workload {
    const char *name;
    struct str source;
    struct scope scope;
    struct template *compiled;
    struct template_cache *cache;
    struct arena result; /* of one render; emptied before the next */
};

static void die(const char *what, const struct error *err)
{
    char text[2048];
    fprintf(stderr, "noetl-render-bench: %s: %s\n", what, err ? error_text(err, text, sizeof text) : "wrong");
    exit(1);
}

/* ---- What is measured --------------------------------------------------------------------------- */

static struct value render_with(struct workload *w, const struct template *t)
{
    struct error err;
    struct value out;
    arena_reset(&w->result);
    if (template_render(t, &w->scope, NULL, &w->result, &out, &err) != STATUS_OK)
        die(w->name, &err);
    return out;
}

static struct template *compile(const struct workload *w)
{
    struct error err;
    struct template *t;
    if (template_compile(w->source, TEMPLATE_STRING, w->name, &t, &err) != STATUS_OK)
        die(w->name, &err);
    return t;
}

static void render_compiled(struct workload *w)
{
    render_with(w, w->compiled);
}

static void compile_and_render(struct workload *w)
{
    struct template *t = compile(w);
    render_with(w, t);
    template_free(t);
}

static void get_and_render(struct workload *w)
{
    struct error err;
    struct template *t;
    if (template_cache_get(w->cache, w->source, TEMPLATE_STRING, w->name, NULL, &t, &err) != STATUS_OK)
        die(w->name, &err);
    render_with(w, t);
    template_free(t);
}

/* ---- Measuring ---------------------------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run(void (*work)(struct workload *), struct workload *w, long times)
{
    double begin = now_ns();
    for (long i = 0; i < times; i++)
        work(w);
    return now_ns() - begin;
}

/* Of some rounds the fastest: the one that the rest of the machine disturbed least. */
static double measure(void (*work)(struct workload *), struct workload *w, double seconds)
{
    double round_ns = seconds * 1e9 / ROUNDS, best = 0;
    long times = 1;
    while (run(work, w, times) < round_ns / 2)
        times *= 2;
    for (int i = 0; i < ROUNDS; i++) {
        double ns = run(work, w, times) / (double)times;
        best = i == 0 || ns < best ? ns : best;
    }
    return best;
}

/* ---- Workloads ---------------------------------------------------------------------------------- */

static void check_output(struct workload *w, struct value description)
{
    struct value length = VALUE_GET(description, "expect_len"),
                 digest = VALUE_GET(description, "expect_sha1");
    struct str text = value_as_str(render_with(w, w->compiled));
    unsigned char hash[SHA_DIGEST_LENGTH];
    char hex[2 * SHA_DIGEST_LENGTH + 1];
    SHA1((const unsigned char *)text.ptr, text.len, hash);
    for (int i = 0; i < SHA_DIGEST_LENGTH; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", hash[i]);
    if (length.u.i != (int64_t)text.len || !str_is(value_as_str(digest), hex))
        die(w->name, &(struct error){.message = "the output is not the expected one"});
}

static void run_workload(struct arena *a, struct value description, double seconds)
{
    struct error err;
    struct workload w = {.source = value_as_str(VALUE_GET(description, "template")),
                         .scope = {VALUE_GET(description, "context"), NULL}};
    w.name = arena_strdup(a, value_as_str(VALUE_GET(description, "name")));
    if (!w.name)
        die("a workload's name", NULL);
    arena_init(&w.result, 0);
    w.compiled = compile(&w);
    if (template_cache_new(100, 0, &w.cache, &err) != STATUS_OK)
        die(w.name, &err);
    check_output(&w, description);
    double render_ns = measure(render_compiled, &w, seconds);
    double compile_ns = measure(compile_and_render, &w, seconds);
    double cached_ns = measure(get_and_render, &w, seconds);
    printf("{\"name\": \"%s\", \"render_ns\": %.1f, \"compile_ns\": %.1f, \"cached_ns\": %.1f}\n", w.name,
           render_ns, compile_ns, cached_ns);
    fflush(stdout);
    template_cache_free(&w.cache);
    template_free(w.compiled);
    arena_free(&w.result);
}

static struct str read_file(const char *path, struct arena *a)
{
    FILE *f = fopen(path, "rb");
    char *text = (char *)arena_alloc(a, MAX_FILE);
    if (!f || !text)
        die(path, &(struct error){.message = "cannot be read"});
    size_t len = fread(text, 1, MAX_FILE, f);
    fclose(f);
    return (struct str){text, len};
}

int main(int argc, char **argv)
{
    struct error err;
    struct arena a;
    struct value workloads;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    if (argc < 2 || argc > 3 || seconds <= 0) {
        fprintf(stderr, "usage: noetl-render-bench WORKLOADS.json [SECONDS a figure]\n");
        return 2;
    }
    arena_init(&a, 0);
    if (json_read(&a, read_file(argv[1], &a), NULL, &workloads, &err) != STATUS_OK)
        die(argv[1], &err);
    for (uint32_t i = 0; workloads.type == VALUE_LIST && i < workloads.len; i++)
        run_workload(&a, workloads.u.list[i], seconds);
    arena_free(&a);
    return 0;
}
