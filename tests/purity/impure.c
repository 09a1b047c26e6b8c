/* What a PURE room must not contain; check_the_checks.sh sees it found. */
#include <fcntl.h>
#include <string.h>
#include <time.h>

long impure(const char *path);

long impure(const char *path)
{
    return (long)time(NULL) + open(path, O_RDONLY) + (long)strlen(path);
}
