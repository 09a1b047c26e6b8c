#include "header_block.h"

bool header_block_find(struct str block, struct str name, struct str *value)
{
    (void)str_split(&block, '\n'); /* the version line */
    while (block.len > 0) {
        struct str line = str_split(&block, '\n');
        if (!str_starts_with(line, name) || line.len == name.len || line.ptr[name.len] != ':')
            continue;
        *value = str_trim((struct str){line.ptr + name.len + 1, line.len - name.len - 1});
        return true;
    }
    return false;
}
