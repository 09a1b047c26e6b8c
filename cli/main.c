#include <locale.h>
#include <unistd.h>

#include "cli/invocation.h"
#include "worker/tools/duckdb_child.h"

int main(int argc, char **argv)
{
    if (duckdb_child_wanted(argc, argv))
        return duckdb_child_main();
    /* Only the widths of characters are the locale's; numbers and messages stay as they are. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return noetl_main(argc, argv, (const char *const *)environ);
}
