/* Shuffling windows; see windows.h.
 * SPDX-License-Identifier: MIT */
#include "estimators/windows.h"
#include "base/random.h"
#include <string.h>

tw_status tw__windows_create(tw__windows *w, tw_context *ctx, uint64_t seed, uint64_t first, uint64_t rows,
                             uint64_t each, uint64_t most, tw_error *err)
{
    if (each == 0 || each > rows) each = rows;
    *w = (tw__windows){.ctx = ctx, .seed = seed, .first = first, .rows = rows, .each = each};
    if (!rows) return TW_OK;
    w->n = (rows + each - 1) / each;
    w->n_spare = w->n > 1 ? most : 0;
    tw_status s = tw__alloc(ctx, &w->slots, w->n, sizeof *w->slots, err);
    if (s == TW_OK) s = tw__alloc(ctx, &w->order, each, sizeof *w->order, err);
    if (s == TW_OK) s = tw__alloc(ctx, &w->spare, w->n_spare, sizeof *w->spare, err);
    if (s != TW_OK) tw__windows_free(w);
    return s;
}

void tw__windows_free(tw__windows *w)
{
    tw__free(w->ctx, w->slots, w->n, sizeof *w->slots);
    tw__free(w->ctx, w->order, w->each, sizeof *w->order);
    tw__free(w->ctx, w->spare, w->n_spare, sizeof *w->spare);
    *w = (tw__windows){.ctx = w->ctx};
}

/* n numbers from `value` on by Fisher and Yates, with random numbers from `number` on. */
static void shuffle(const tw__windows *w, uint64_t *order, enum tw__purpose purpose, uint64_t epoch,
                    uint64_t value, uint64_t number, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) order[i] = value + i;
    for (uint64_t i = n; i-- > 1;) {
        const uint64_t j = tw__random_below(w->seed, purpose, (uint32_t)epoch, number + i, i + 1),
                       t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

static uint64_t rows_of(const tw__windows *w, uint64_t window)
{
    return window + 1 < w->n ? w->each : w->rows - window * w->each;
}

/* How many rows come before a slot: those after the last window's have fewer. */
static uint64_t begin_of(const tw__windows *w, uint64_t slot)
{
    return slot * w->each - (slot > w->last_slot ? w->each - rows_of(w, w->n - 1) : 0);
}

static uint64_t slot_of(const tw__windows *w, uint64_t place)
{
    const uint64_t begin = begin_of(w, w->last_slot), rest = rows_of(w, w->n - 1);
    return place < begin + rest ? place / w->each : (place + w->each - rest) / w->each;
}

static void hold(tw__windows *w, uint64_t epoch, uint64_t slot)
{
    if (w->held_epoch == epoch + 1 && w->held == slot) return;
    const uint64_t window = w->slots[slot], first = w->first + window * w->each;
    shuffle(w, w->order, TW__FOR_SHUFFLE, epoch, first, first, rows_of(w, window));
    w->held_epoch = epoch + 1;
    w->held = slot;
}

static void begin_epoch(tw__windows *w, uint64_t epoch)
{
    if (w->held_epoch == epoch + 1) return;
    shuffle(w, w->slots, TW__FOR_WINDOWS, epoch, 0, w->first, w->n);
    for (w->last_slot = 0; w->slots[w->last_slot] + 1 < w->n;) w->last_slot++;
}

const uint64_t *tw__windows_draw(tw__windows *w, uint64_t epoch, uint64_t first, uint64_t n)
{
    begin_epoch(w, epoch);
    for (uint64_t done = 0, part; done < n; done += part) {
        const uint64_t slot = slot_of(w, first + done), at = first + done - begin_of(w, slot),
                       left = rows_of(w, w->slots[slot]) - at;
        hold(w, epoch, slot);
        if (done == 0 && n <= left) return w->order + at;
        part = n - done < left ? n - done : left;
        memcpy(w->spare + done, w->order + at, part * sizeof *w->spare);
    }
    return w->spare;
}
