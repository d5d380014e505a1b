/* Printing results: JSON on stdout, numbers for people.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <math.h>
#include <thalweg/train.h>

tw_status cli_json_failed(tw_error *err)
{
    return cli_fail(err, TW_ERR_MEMORY, "out of memory for the JSON result");
}

tw_status cli_print_json(json_t *value, tw_error *err)
{
    if (!value) return cli_json_failed(err);
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
    json_decref(value);
    if (!text) return cli_json_failed(err);
    puts(tw_json_shorten(text));
    free(text);
    return TW_OK;
}

json_t *cli_number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

json_t *cli_string(const char *text)
{
    json_t *s = text ? json_string(text) : NULL;
    return s ? s : json_null();
}

const char *cli_grouped(uint64_t n, char *to)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), put = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) to[put++] = ',';
        to[put++] = digits[i];
    }
    to[put] = 0;
    return to;
}

const char *cli_bytes(double n, char *to)
{
    static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
    int i = 0;
    for (; n >= 1000 && i < 4; i++) n /= 1000;
    snprintf(to, 32, i ? "%.1f %s" : "%.0f %s", n, unit[i]);
    return to;
}
