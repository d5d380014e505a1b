/* Fuzz target: any text as a LIBSVM file. Rows that are accepted are the same, bit for bit, when they are
 * written and read again; what is refused is told with a message.
 * SPDX-License-Identifier: MIT */
#include "rows.h"
#include <stdio.h>

static char copy[1 << 20];

/* A blank comes first, as a label may begin like a mark of the order of bytes; a row with neither labels nor
 * numbers has a zero. */
static size_t put_set(char *to, size_t room, const tw_data_info *r, uint64_t i, unsigned base)
{
    const char *before = " ";
    size_t n = 0;
    for (size_t k = 0; k < r->n_targets && n < room; k++) {
        if (r->targets[i * r->n_targets + k] == 0) continue;
        n += (size_t)snprintf(to + n, room - n, "%s%s", before, r->target_names[k]);
        before = ",";
    }
    if (!n && r->starts[i] == r->starts[i + 1] && !r->groups) n = (size_t)snprintf(to, room, " %u:0", base);
    return n;
}

static size_t put_row(char *to, size_t room, const tw_data_info *r, uint64_t i, unsigned base)
{
    size_t n = 0;
    if (r->n_targets > 1) n = put_set(to, room, r, i, base);
    else if (r->labels) n += (size_t)snprintf(to, room, "%s", r->class_names[r->labels[i]]);
    else n += (size_t)snprintf(to, room, "%.17g", r->targets ? r->targets[i] : 0);
    if (r->groups && n < room)
        n += (size_t)snprintf(to + n, room - n, " qid:%llu", (unsigned long long)r->groups[i]);
    for (uint64_t k = r->starts[i]; k < r->starts[i + 1] && n < room; k++) {
        const double x = r->type == TW_F32 ? (double)((const float *)r->x)[k] : ((const double *)r->x)[k];
        n += (size_t)snprintf(to + n, room - n, " %llu:%.17g", (unsigned long long)r->columns[k] + base, x);
    }
    if (n < room) n += (size_t)snprintf(to + n, room - n, "\n");
    return n;
}

/* Their length; 0: they are longer than the copy. An empty line comes first: a label may begin like a mark of
 * the order of bytes. */
static size_t put_rows(const tw_data_info *r, unsigned base)
{
    size_t n = 1;
    copy[0] = '\n';
    for (uint64_t i = 0; i < r->rows && n < sizeof copy; i++)
        n += put_row(copy + n, sizeof copy - n, r, i, base);
    return n < sizeof copy ? n : 0;
}

/* Options under which these very rows come back. */
static void read_again(const tw_data *data, tw_data_options o)
{
    const tw_data_info r = rows_of(data);
    MUST(r.starts);
    const unsigned base = strstr(r.schema, "\"base\":1") != NULL;
    const size_t n = put_rows(&r, base);
    if (!n) return;
    o.index_base = base ? "1" : "0";
    o.features = (uint64_t)r.shape[0];
    o.skip_bad = 0;
    o.targets = r.labels ? TW_TARGETS_CLASSES : r.targets ? TW_TARGETS_REALS : TW_TARGETS_AUTO;
    tw_data *again = open_input((const uint8_t *)copy, n, &o, 0);
    MUST(again && strcmp(rows_of(again).fingerprint, r.fingerprint) == 0);
    tw_data_free(again);
}

static void try_options(const uint8_t *bytes, size_t n, const tw_data_options *o)
{
    tw_data *data = open_input(bytes, n, o, 0);
    if (data) read_again(data, *o);
    tw_data_free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    if (!ctx) ctx = one_file_context(&file);
    o.most_bytes = 1 << 18;
    o.format = "libsvm";
    try_options(bytes, n, &o);
    o.skip_bad = 2;
    o.unlabelled = 1;
    try_options(bytes, n, &o);
    o.schema = "{\"width\":3,\"base\":1,\"classes\":[\"-1\",\"1\"]}"; /* as a model has it */
    tw_data_free(open_input(bytes, n, &o, 1));
    return 0;
}
