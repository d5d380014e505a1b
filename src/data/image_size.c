/* The size that images are brought to: the option image_size, kept in a model's schema.
 * SPDX-License-Identifier: MIT */
#include "data/pictures.h"
#include "data/schema.h"
#include <stdlib.h>

enum { MOST_SIDE = 1 << 16 };

static int read_side(const char **p, int64_t *side)
{
    char *end;
    if (**p < '1' || **p > '9') return 0;
    *side = strtol(*p, &end, 10);
    *p = end;
    return *side <= MOST_SIDE;
}

static tw_status read_size(const char *text, int64_t size[2], tw_error *err)
{
    const char *p = text;
    if (read_side(&p, &size[0]) && *p++ == 'x' && read_side(&p, &size[1]) && !*p) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "image_size = %.60s is not HxW, such as 64x96, of at most %d each",
                    text, MOST_SIDE);
}

tw_status tw__image_size(const char *option, const tw__schema *fit, int64_t size[2], tw_error *err)
{
    size[0] = size[1] = 0;
    if (option) TW_TRY(read_size(option, size, err));
    if (!fit) return TW_OK;
    const int64_t *const trained = fit->image;
    if (option && trained[0] && (size[0] != trained[0] || size[1] != trained[1]))
        return tw__fail(err, TW_ERR_SPEC, "image_size = %.60s, but that of the training images is %lldx%lld",
                        option, (long long)trained[0], (long long)trained[1]);
    if (trained[0]) size[0] = trained[0], size[1] = trained[1];
    return TW_OK;
}
