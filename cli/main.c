#include <locale.h>
#include <unistd.h>

#include "cli/invocation.h"

int main(int argc, char **argv)
{
    /* Only the widths of characters are the locale's; numbers and messages stay as they are. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return noetl_main(argc, argv, (const char *const *)environ);
}
