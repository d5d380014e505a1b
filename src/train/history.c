/* Parts of a run's history: written once, read back and compared.
 * SPDX-License-Identifier: MIT */
#include "train/history.h"
#include "base/io.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    EPOCHS = 512,
    BYTES = EPOCHS * TW__EPOCH_NUMBERS * sizeof(double),
    WHOLE = BYTES + TW__HASH_DIGITS,
    MOST_PARTS = 1 << 23
};

static tw_status path_of(const char *directory, uint64_t part, char to[TW__PATH], tw_error *err)
{
    char name[40];
    snprintf(name, sizeof name, "history-%06llu", (unsigned long long)part);
    return tw__path_in(directory, name, to, err);
}

void tw__epochs_to_numbers(const tw_epoch *from, size_t n, double *to)
{
    for (size_t i = 0; i < n; i++) {
        const tw_epoch *e = &from[i];
        const double row[TW__EPOCH_NUMBERS] = {(double)e->epoch, e->seconds,      e->loss, e->accuracy,
                                               e->val_loss,      e->val_accuracy, e->lr};
        memcpy(to + i * TW__EPOCH_NUMBERS, row, sizeof row);
    }
}

void tw__epochs_from_numbers(const void *from, size_t n, tw_epoch *to)
{
    for (size_t i = 0; i < n; i++) {
        double c[TW__EPOCH_NUMBERS];
        memcpy(c, (const char *)from + i * sizeof c, sizeof c);
        to[i] = (tw_epoch){(uint64_t)c[0], c[1], c[2], c[3], c[4], c[5], c[6]};
    }
}

static tw_status write_part(tw_job *job, const tw_epoch *epochs, double *rows, tw_error *err)
{
    char path[TW__PATH], sum[TW__HASH_DIGITS + 1];
    tw__writer w;
    tw__hash hash = job->history_hash;
    TW_TRY(path_of(job->o.out, job->history_parts + 1, path, err));
    tw__epochs_to_numbers(epochs, EPOCHS, rows);
    tw__hash_add(&hash, rows, BYTES);
    tw__hash_hex(&hash, sum);
    TW_TRY(tw__writer_open(&w, job->ctx, path, err));
    tw_status s = tw__writer_put(&w, rows, BYTES, err);
    if (s == TW_OK) s = tw__writer_put(&w, sum, TW__HASH_DIGITS, err);
    if (s == TW_OK) s = tw__writer_finish(&w, err);
    else tw__writer_abandon(&w);
    if (s != TW_OK) return s;
    job->history_hash = hash;
    tw__run_history_elsewhere(job->run, ++job->history_parts * EPOCHS);
    return TW_OK;
}

tw_status tw__history_save(tw_job *job, tw_error *err)
{
    size_t n;
    double *rows;
    const tw_epoch *history = tw_run_history(job->run, &n);
    if (n / EPOCHS <= job->history_parts) return TW_OK;
    TW_TRY(tw__alloc(job->ctx, &rows, 1, BYTES, err));
    tw_status s = TW_OK;
    while (s == TW_OK && n / EPOCHS > job->history_parts)
        s = write_part(job, history + job->history_parts * EPOCHS, rows, err);
    tw__free(job->ctx, rows, 1, BYTES);
    return s;
}

tw_status tw__history_visit(tw_job *job, tw_visitor *v, tw_error *err)
{
    int64_t parts = (int64_t)job->history_parts, digits = TW__HASH_DIGITS;
    if (v->loading == TW_SHOW) tw__hash_hex(&job->history_hash, job->history_sum);
    TW_TRY(v->field(v, "history.parts", TW_I64, 0, NULL, &parts, err));
    TW_TRY(v->field(v, "history.sum", TW_U8, 1, &digits, job->history_sum, err));
    if (v->loading != TW_LOAD) return TW_OK;
    if (parts < 0 || parts > MOST_PARTS)
        return tw__fail(err, TW_ERR_DATA, "the stored history has %lld parts", (long long)parts);
    job->history_parts = (uint64_t)parts;
    tw__run_history_elsewhere(job->run, job->history_parts * EPOCHS);
    return TW_OK;
}

/* One part's epochs, if it is the one that followed the parts before it. */
static tw_status read_part(tw_job *job, uint64_t part, tw_epoch *to, tw_error *err)
{
    char path[TW__PATH], sum[TW__HASH_DIGITS + 1];
    uint8_t *bytes;
    size_t n;
    int found;
    TW_TRY(path_of(job->o.out, part, path, err));
    TW_TRY(tw__find_file(job->ctx, path, &found, err));
    TW_TRY(tw__read_file(job->ctx, path, WHOLE, &bytes, &n, err));
    tw_status s = TW_OK;
    if (n != WHOLE)
        s = tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%zu bytes, a part of a history has %zu", n,
                        (size_t)WHOLE);
    if (s == TW_OK) {
        tw__hash_add(&job->history_hash, bytes, BYTES);
        tw__hash_hex(&job->history_hash, sum);
        if (memcmp(sum, bytes + BYTES, TW__HASH_DIGITS) != 0)
            s = tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                            "its checksum does not hold: it is damaged, or of another run");
        else tw__epochs_from_numbers(bytes, EPOCHS, to);
    }
    tw__free(job->ctx, bytes, n, 1);
    return s;
}

tw_status tw__history_load(tw_job *job, tw_error *err)
{
    char path[TW__PATH], sum[TW__HASH_DIGITS + 1];
    tw_epoch *to = tw__run_history_reserve(job->run);
    for (uint64_t i = 0; i < job->history_parts; i++) TW_TRY(read_part(job, i + 1, to + i * EPOCHS, err));
    tw__hash_hex(&job->history_hash, sum);
    if (memcmp(sum, job->history_sum, TW__HASH_DIGITS) == 0) return TW_OK;
    TW_TRY(path_of(job->o.out, job->history_parts, path, err));
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "it is not the part that the checkpoint counts");
}

tw_status tw__history_remove(tw_context *ctx, const char *directory, tw_error *err)
{
    char path[TW__PATH];
    uint64_t n = 0;
    for (int kind = TW_PATH_FILE; kind != TW_PATH_NONE && n < MOST_PARTS; n++) {
        TW_TRY(path_of(directory, n + 1, path, err));
        TW_TRY(tw__path_kind(ctx, path, &kind, err));
    }
    for (; n > 0; n--) {
        TW_TRY(path_of(directory, n, path, err));
        int e = ctx->io.remove(ctx->io.user, path);
        if (e && e != ENOENT) return tw__fail_system(err, e, "cannot remove", path);
    }
    return TW_OK;
}
