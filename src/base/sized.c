/* Reading and writing structs that may grow. The copy_struct_from_user of Linux works the same way.
 * SPDX-License-Identifier: MIT */
#include "base/sized.h"
#include <string.h>

enum { MOST_BYTES = 4096 }; /* more is no size but memory that was never set */

static tw_status check_size(size_t size, const char *name, tw_error *err)
{
    if (size >= sizeof size && size <= MOST_BYTES) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "%s.size = %zu: set it to sizeof(%s)", name, size, name);
}

tw_status tw__sized_read(void *to, size_t size, const void *from, const char *name, tw_error *err)
{
    TW_NEEDS(err, from);
    const size_t given = *(const size_t *)from;
    TW_TRY(check_size(given, name, err));
    for (size_t i = size; i < given; i++)
        if (((const char *)from)[i])
            return tw__fail(
                err, TW_ERR_SPEC,
                "%s has %zu bytes, of which this library knows %zu, and byte %zu is not 0: an option of a newer version",
                name, given, size, i);
    memset(to, 0, size);
    memcpy(to, from, given < size ? given : size);
    *(size_t *)to = size;
    return TW_OK;
}

tw_status tw__sized_clear(void *to, const char *name, tw_error *err)
{
    TW_NEEDS(err, to);
    const size_t given = *(const size_t *)to;
    TW_TRY(check_size(given, name, err));
    memset(to, 0, given);
    *(size_t *)to = given;
    return TW_OK;
}

tw_status tw__sized_write(void *to, const void *from, size_t size, const char *name, tw_error *err)
{
    TW_TRY(tw__sized_clear(to, name, err));
    const size_t given = *(const size_t *)to;
    memcpy(to, from, given < size ? given : size);
    *(size_t *)to = given;
    return TW_OK;
}
