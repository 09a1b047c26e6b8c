/* The tables of builtin.c, each in the order of names, and the functions that fill them. */
#ifndef RENDER_TABLES_H
#define RENDER_TABLES_H

#include "builtin.h"

extern const struct builtin FILTERS[], TESTS[], GLOBALS[];
extern const int FILTER_COUNT, TEST_COUNT, GLOBAL_COUNT;

#define BUILTIN(name)                                                                                        \
    enum status name(struct vm *vm, const struct value *argv, const struct arguments *all, struct value *out)

/* filters_text.c */
BUILTIN(filter_upper);
BUILTIN(filter_lower);
BUILTIN(filter_capitalize);
BUILTIN(filter_title);
BUILTIN(filter_trim);
BUILTIN(filter_center);
BUILTIN(filter_replace);
BUILTIN(filter_truncate);
BUILTIN(filter_indent);
BUILTIN(filter_format);
BUILTIN(filter_string);
BUILTIN(filter_wordcount);
BUILTIN(filter_wordwrap);
/* filters_html.c */
BUILTIN(filter_escape);
BUILTIN(filter_forceescape);
BUILTIN(filter_safe);
BUILTIN(filter_striptags);
BUILTIN(filter_urlencode);
BUILTIN(filter_urlize);
BUILTIN(filter_xmlattr);
/* filters_value.c */
BUILTIN(filter_abs);
BUILTIN(filter_attr);
BUILTIN(filter_default);
BUILTIN(filter_float);
BUILTIN(filter_int);
BUILTIN(filter_round);
BUILTIN(filter_filesizeformat);
BUILTIN(filter_tojson);
BUILTIN(filter_fromjson);
BUILTIN(filter_pprint);
BUILTIN(filter_b64encode);
BUILTIN(filter_b64decode);
/* filters_list.c */
BUILTIN(filter_first);
BUILTIN(filter_last);
BUILTIN(filter_length);
BUILTIN(filter_list);
BUILTIN(filter_join);
BUILTIN(filter_reverse);
BUILTIN(filter_random);
BUILTIN(filter_sum);
BUILTIN(filter_items);
BUILTIN(filter_batch);
BUILTIN(filter_slice);
/* filters_order.c */
BUILTIN(filter_sort);
BUILTIN(filter_dictsort);
BUILTIN(filter_groupby);
BUILTIN(filter_unique);
BUILTIN(filter_min);
BUILTIN(filter_max);
/* filters_select.c */
BUILTIN(filter_map);
BUILTIN(filter_select);
BUILTIN(filter_reject);
BUILTIN(filter_selectattr);
BUILTIN(filter_rejectattr);

#endif
