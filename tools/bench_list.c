/* Lists on a benchmark's command line: numbers with commas between, and specs with spaces.
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

tw_status bench_counts(const char *option, const char *text, long most, long counts[BENCH_MOST_COUNTS],
                       int *n, tw_error *err)
{
    *n = 0;
    for (const char *p = text;; p++) {
        char *end;
        errno = 0;
        const long count = strtol(p, &end, 10);
        if (end == p || *p < '0' || *p > '9' || (*end && *end != ',') || errno || count < 1 || count > most)
            return cli_fail(err, TW_ERR_SPEC,
                            "--%s %.60s: not whole numbers from 1 to %ld with commas between", option, text,
                            most);
        if (*n == BENCH_MOST_COUNTS)
            return cli_fail(err, TW_ERR_SPEC, "--%s %.60s: more than %d numbers", option, text,
                            BENCH_MOST_COUNTS);
        counts[(*n)++] = count;
        if (!*end) return TW_OK;
        p = end;
    }
}

int bench_next_spec(const char **list, char spec[TW_SPEC_MAX])
{
    const char *from = *list + strspn(*list, " ");
    const size_t n = strcspn(from, " ");
    snprintf(spec, TW_SPEC_MAX, "%.*s", (int)(n < TW_SPEC_MAX ? n : TW_SPEC_MAX - 1), from);
    *list = from + n;
    return n > 0;
}
