/* Fuzz target: any bytes as converted rows. The checksum would hide what lies behind it from the fuzzer, so
 * each input is tried a second time with the right one. What opens is whole, for any use; what is refused is
 * told with a message.
 * SPDX-License-Identifier: MIT */
#include "rows.h"
#include "data/twd.h"

static uint8_t copy[1 << 16];

/* Nothing leads out of the rows. */
static void look_at(const tw_data_info *r)
{
    const uint64_t width = (uint64_t)r->shape[0];
    for (uint64_t i = 0; i < r->rows; i++) {
        MUST(!r->labels || (r->labels[i] >= 0 && r->labels[i] < r->classes));
        MUST(!r->weights || r->weights[i] > 0);
        if (!r->starts) continue;
        MUST(r->starts[i] <= r->starts[i + 1]);
        for (uint64_t k = r->starts[i]; k < r->starts[i + 1]; k++) MUST(r->columns[k] < width);
    }
}

static void try_options(const uint8_t *bytes, size_t n, tw_data_options o)
{
    tw_data *data = open_input(bytes, n, &o, 0);
    if (!data) return;
    const tw_data_info r = rows_of(data);
    look_at(&r);
    o.schema = r.schema;
    tw_data *again = open_input(bytes, n, &o, 0);
    MUST(again);
    const tw_data_info s = rows_of(again);
    look_at(&s);
    tw_data_free(again);
    tw_data_free(data);
}

static void try_all(const uint8_t *bytes, size_t n)
{
    tw_data_options o = TW_DATA_OPTIONS_INIT;
    o.most_bytes = sizeof copy;
    o.format = "twd";
    try_options(bytes, n, o);
    o.targets = TW_TARGETS_CLASSES;
    o.type = TW_F64;
    try_options(bytes, n, o);
    o.targets = TW_TARGETS_REALS;
    o.type = TW_F32;
    o.val = 0.5;
    o.format = NULL;
    tw_data_free(open_input(bytes, n, &o, 1));
    o.val = 0;
    o.unlabelled = 1;
    try_options(bytes, n, o);
}

static int put_right_sum(const uint8_t *bytes, size_t n)
{
    tw__twd_head h;
    uint64_t at[TW__TWD_PARTS + 1];
    char sum[TW__HASH_DIGITS + 1];
    if (n < sizeof h || n > sizeof copy) return 0;
    memcpy(copy, bytes, n);
    memcpy(&h, copy, sizeof h);
    h.bytes = n;
    if (!tw__twd_layout(&h, at) || at[TW__TWD_X] > n) return 0;
    tw__twd_checksum(&h, copy + at[TW__TWD_TEXT], copy + at[TW__TWD_WORDS], sum);
    memcpy(h.checksum, sum, sizeof h.checksum);
    memcpy(copy, &h, sizeof h);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!ctx) ctx = one_file_context(&file);
    try_all(bytes, n);
    if (put_right_sum(bytes, n)) try_all(copy, n);
    return 0;
}
