/* A file of this folder, whole; ends the test if it cannot be read. */
#ifndef TESTS_RENDER_READ_FILE_H
#define TESTS_RENDER_READ_FILE_H

#include "core/buf.h"

struct buf read_test_file(const char *name);

#endif
