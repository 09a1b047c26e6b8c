#include "duckdb_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static enum status no_library(const char *path, const char *why, struct error *err)
{
    error_set(err, STATUS_UNSUPPORTED, "the worker has no DuckDB: %s", why);
    if (path[0])
        return error_hint(err, "The setting worker.duckdb.library has to be the path of a libduckdb.so.");
    return error_hint(err,
                      "scripts/duckdb fetches the library; or set worker.duckdb.library to the path of a "
                      "libduckdb.so.");
}

static void *open_library(const char *path)
{
    static const char *const places[] = {"libduckdb.so", DUCKDB_LIBRARY};
    if (path[0])
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        void *library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
        if (library)
            return library;
    }
    return NULL;
}

/* A pointer to data, which dlsym() gives, as one to a function. */
static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

enum status duckdb_api_load(const char *path, struct duckdb_api *out, struct error *err)
{
    const char *missing = NULL;
    void *library = open_library(path);
    if (!library)
        return no_library(path, dlerror(), err);
#define X(result, name, arguments)                                                                           \
    if (!find(library, "duckdb_" #name, &out->name))                                                         \
        missing = "duckdb_" #name;
    DUCKDB_FUNCTIONS(X)
#undef X
    if (!missing)
        return STATUS_OK;
    char why[160];
    snprintf(why, sizeof(why), "its library has no %s, so it is older than 1.1", missing);
    return no_library(path, why, err);
}
