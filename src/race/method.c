/* An entry's optimizer and exchange; see method.h.
 * SPDX-License-Identifier: MIT */
#include "race/method.h"
#include "base/spec.h"
#include <stdio.h>
#include <string.h>

tw_status tw__method_read(tw__method *out, const char *spec, tw_error *err)
{
    const char *bar = tw__text_find(tw__text_of(spec), '|');
    const size_t n = bar ? (size_t)(bar - spec) : strlen(spec);
    out->exchange = bar ? bar + 1 : NULL;
    if (n >= TW_SPEC_MAX) return tw__fail(err, TW_ERR_SPEC, "optimizer \"%.60s\" is too long", spec);
    memcpy(out->optimizer, spec, n);
    out->optimizer[n] = 0;
    return TW_OK;
}

int tw__method_write(const tw__method *method, char to[TW_SPEC_MAX])
{
    const char *exchange = method->exchange;
    return snprintf(to, TW_SPEC_MAX, "%s%s%s", method->optimizer, exchange ? "|" : "",
                    exchange ? exchange : "") < TW_SPEC_MAX;
}
