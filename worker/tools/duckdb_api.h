/*
 * The part of DuckDB's C API (stable since 1.0) that is used here, as a table of functions that are looked up
 * in the library when it is loaded: the program is built without it, and runs without it.
 *
 * Handles are pointers to what only the library knows. What a function gives is given back with the
 * destroy_…, close or disconnect of its kind, which take the address of the handle and set it to NULL.
 */
#ifndef WORKER_TOOLS_DUCKDB_API_H
#define WORKER_TOOLS_DUCKDB_API_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

typedef void *duckdb_handle; /* NOLINT: the API has a dozen kinds, all of them opaque */

/* Every call that can fail gives one of these. */
enum duckdb_state { DUCKDB_DONE = 0, DUCKDB_FAILED = 1 };

/* The numbers of types that are a part of the API. */
enum duckdb_type {
    DUCKDB_BOOLEAN = 1,
    DUCKDB_TINYINT = 2,
    DUCKDB_SMALLINT = 3,
    DUCKDB_INTEGER = 4,
    DUCKDB_BIGINT = 5,
    DUCKDB_UTINYINT = 6,
    DUCKDB_USMALLINT = 7,
    DUCKDB_UINTEGER = 8,
    DUCKDB_UBIGINT = 9,
    DUCKDB_FLOAT = 10,
    DUCKDB_DOUBLE = 11,
    DUCKDB_TIMESTAMP = 12, /* microseconds since 1970 */
    DUCKDB_DATE = 13,      /* days since 1970 */
    DUCKDB_TIME = 14,      /* microseconds since midnight */
    DUCKDB_INTERVAL = 15,
    DUCKDB_HUGEINT = 16,
    DUCKDB_VARCHAR = 17,
    DUCKDB_BLOB = 18,
    DUCKDB_DECIMAL = 19,
    DUCKDB_TIMESTAMP_S = 20,
    DUCKDB_TIMESTAMP_MS = 21,
    DUCKDB_TIMESTAMP_NS = 22,
    DUCKDB_ENUM = 23,
    DUCKDB_LIST = 24,
    DUCKDB_STRUCT = 25,
    DUCKDB_MAP = 26, /* a list of structs of key and value */
    DUCKDB_UUID = 27,
    DUCKDB_TIMESTAMP_TZ = 31, /* as TIMESTAMP, in UTC */
    DUCKDB_UHUGEINT = 32,
    DUCKDB_ARRAY = 33,
    DUCKDB_SQLNULL = 36,
};

/* What a statement was, for reading its result. */
enum duckdb_result_kind { DUCKDB_CHANGED_ROWS = 1, DUCKDB_NOTHING = 2, DUCKDB_ROWS = 3 };

/* Passed by value in places, so its size counts; the members are the library's. */
struct duckdb_result {
    uint64_t internal[3];
    void *more[3];
};

/* In the columns' memory. */
struct duckdb_hugeint {
    uint64_t lower;
    int64_t upper;
};
struct duckdb_interval {
    int32_t months, days;
    int64_t micros;
};
struct duckdb_list_entry {
    uint64_t offset, length;
};
/* Of up to 12 bytes: they follow the length. Of more: 4 of them, and a pointer to all. */
struct duckdb_string {
    uint32_t length;
    char start[4];
    union {
        char rest[8];
        const char *all;
    } u;
};

/* X(result, name, arguments) */
#define DUCKDB_FUNCTIONS(X)                                                                                  \
    X(const char *, library_version, (void))                                                                 \
    X(void, free, (void *memory))                                                                            \
    X(enum duckdb_state, create_config, (duckdb_handle * config))                                            \
    X(enum duckdb_state, set_config, (duckdb_handle config, const char *name, const char *value))            \
    X(void, destroy_config, (duckdb_handle * config))                                                        \
    X(enum duckdb_state, open_ext,                                                                           \
      (const char *path, duckdb_handle *database, duckdb_handle config, char **error))                       \
    X(void, close, (duckdb_handle * database))                                                               \
    X(enum duckdb_state, connect, (duckdb_handle database, duckdb_handle * connection))                      \
    X(void, disconnect, (duckdb_handle * connection))                                                        \
    X(void, interrupt, (duckdb_handle connection))                                                           \
    X(enum duckdb_state, prepare, (duckdb_handle connection, const char *sql, duckdb_handle *statement))     \
    X(const char *, prepare_error, (duckdb_handle statement))                                                \
    X(uint64_t, nparams, (duckdb_handle statement))                                                          \
    X(enum duckdb_state, bind_value, (duckdb_handle statement, uint64_t number, duckdb_handle value))        \
    X(enum duckdb_state, execute_prepared, (duckdb_handle statement, struct duckdb_result * result))         \
    X(void, destroy_prepare, (duckdb_handle * statement))                                                    \
    X(const char *, result_error, (struct duckdb_result * result))                                           \
    X(void, destroy_result, (struct duckdb_result * result))                                                 \
    X(enum duckdb_result_kind, result_return_type, (struct duckdb_result result))                            \
    X(uint64_t, rows_changed, (struct duckdb_result * result))                                               \
    X(uint64_t, column_count, (struct duckdb_result * result))                                               \
    X(const char *, column_name, (struct duckdb_result * result, uint64_t column))                           \
    X(duckdb_handle, column_logical_type, (struct duckdb_result * result, uint64_t column))                  \
    X(duckdb_handle, fetch_chunk, (struct duckdb_result result))                                             \
    X(uint64_t, data_chunk_get_size, (duckdb_handle chunk))                                                  \
    X(duckdb_handle, data_chunk_get_vector, (duckdb_handle chunk, uint64_t column))                          \
    X(void, destroy_data_chunk, (duckdb_handle * chunk))                                                     \
    X(void *, vector_get_data, (duckdb_handle vector))                                                       \
    X(uint64_t *, vector_get_validity, (duckdb_handle vector))                                               \
    X(duckdb_handle, list_vector_get_child, (duckdb_handle vector))                                          \
    X(duckdb_handle, array_vector_get_child, (duckdb_handle vector))                                         \
    X(duckdb_handle, struct_vector_get_child, (duckdb_handle vector, uint64_t number))                       \
    X(enum duckdb_type, get_type_id, (duckdb_handle type))                                                   \
    X(char *, logical_type_get_alias, (duckdb_handle type))                                                  \
    X(uint8_t, decimal_scale, (duckdb_handle type))                                                          \
    X(enum duckdb_type, decimal_internal_type, (duckdb_handle type))                                         \
    X(enum duckdb_type, enum_internal_type, (duckdb_handle type))                                            \
    X(uint32_t, enum_dictionary_size, (duckdb_handle type))                                                  \
    X(char *, enum_dictionary_value, (duckdb_handle type, uint64_t number))                                  \
    X(duckdb_handle, list_type_child_type, (duckdb_handle type))                                             \
    X(duckdb_handle, array_type_child_type, (duckdb_handle type))                                            \
    X(uint64_t, array_type_array_size, (duckdb_handle type))                                                 \
    X(duckdb_handle, map_type_key_type, (duckdb_handle type))                                                \
    X(duckdb_handle, map_type_value_type, (duckdb_handle type))                                              \
    X(uint64_t, struct_type_child_count, (duckdb_handle type))                                               \
    X(char *, struct_type_child_name, (duckdb_handle type, uint64_t number))                                 \
    X(duckdb_handle, struct_type_child_type, (duckdb_handle type, uint64_t number))                          \
    X(duckdb_handle, create_logical_type, (enum duckdb_type type))                                           \
    X(duckdb_handle, create_list_type, (duckdb_handle child))                                                \
    X(duckdb_handle, create_struct_type, (duckdb_handle * types, const char **names, uint64_t count))        \
    X(void, destroy_logical_type, (duckdb_handle * type))                                                    \
    X(duckdb_handle, create_null_value, (void))                                                              \
    X(duckdb_handle, create_bool, (bool value))                                                              \
    X(duckdb_handle, create_int64, (int64_t value))                                                          \
    X(duckdb_handle, create_hugeint, (struct duckdb_hugeint value))                                          \
    X(duckdb_handle, create_double, (double value))                                                          \
    X(duckdb_handle, create_varchar_length, (const char *text, uint64_t length))                             \
    X(duckdb_handle, create_list_value, (duckdb_handle child, duckdb_handle * values, uint64_t count))       \
    X(duckdb_handle, create_struct_value, (duckdb_handle type, duckdb_handle * values))                      \
    X(void, destroy_value, (duckdb_handle * value))

struct duckdb_api {
#define X(result, name, arguments) result(*name) arguments;
    DUCKDB_FUNCTIONS(X)
#undef X
};

/*
 * Loads the library, once in the life of a process: the file at `path`, or for "" the first of
 * libduckdb.so where the system's loader looks, and where scripts/duckdb puts it. STATUS_UNSUPPORTED says
 * what is missing and how to get it.
 */
enum status duckdb_api_load(const char *path, struct duckdb_api *out, struct error *err) MUST_CHECK;

#endif
