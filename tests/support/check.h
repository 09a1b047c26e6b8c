/* What every test program needs: cmocka with the headers that it wants first, and errors made visible. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/status.h"
#include "core/str.h"

/* The call succeeds; the error's text is shown when it does not. */
#define assert_ok(call, err)                                                                                 \
    do {                                                                                                     \
        char text_[1600];                                                                                    \
        enum status status_ = (call);                                                                        \
        if (status_ != STATUS_OK)                                                                            \
            fail_msg("%s: %s", status_name(status_), error_text((err), text_, sizeof text_));                \
    } while (0)

#define assert_status(call, expected) assert_string_equal(status_name(call), status_name(expected))

#define assert_str(s, expected)                                                                              \
    do {                                                                                                     \
        struct str got_ = (s);                                                                               \
        if (!str_is(got_, (expected)))                                                                       \
            fail_msg("\"%" PRISTR "\" is not \"%s\"", ARGSTR(got_), (expected));                             \
    } while (0)

#endif
