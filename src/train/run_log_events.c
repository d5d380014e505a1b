/* TensorBoard's event files: records of TensorFlow, each a length and an Event
 * (tensorflow/core/util/event.proto) with checksums.
 * SPDX-License-Identifier: MIT */
#include "file/protobuf.h"
#include "train/run_log.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WALL_TIME = 1, STEP = 2, FILE_VERSION = 3, SUMMARY = 5 }; /* of Event */
enum { VALUE = 1 };                                              /* of Summary */
enum { TAG = 1, SIMPLE_VALUE = 2 };                              /* of Summary.Value */
enum { BEFORE = 12, AFTER = 4 }; /* bytes of a record that are not its event */

/* ---- records ------------------------------------------------------------------------------------------- */

/* CRC-32C, turned and shifted, as records have it. */
static uint32_t masked_crc(const uint8_t *bytes, size_t n)
{
    uint32_t crc = ~(uint32_t)0;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void put(uint8_t *to, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *from, size_t n)
{
    uint64_t value = 0;
    while (n-- > 0) value = value << 8 | from[n];
    return value;
}

/* Puts what is around an event, which begins at to + BEFORE. */
static size_t finish(const tw__proto *event, uint8_t *to)
{
    if (event->status != TW_OK) return 0;
    put(to, event->n, 8);
    put(to + 8, masked_crc(to, 8), 4);
    put(to + BEFORE + event->n, masked_crc(event->bytes, event->n), AFTER);
    return BEFORE + event->n + AFTER;
}

static tw__proto begin(double time, const tw_run *norms, uint8_t *to)
{
    const size_t most = TW_RUN_LOG_MOST + TW_RUN_LOG_TENSOR * tw__run_log_tensors(norms);
    tw__proto p = {.bytes = to + BEFORE, .capacity = most - BEFORE - AFTER};
    tw__proto_f64(&p, WALL_TIME, time);
    return p;
}

/* ---- events -------------------------------------------------------------------------------------------- */

size_t tw__run_log_version(double time, uint8_t to[TW_RUN_LOG_MOST])
{
    tw__proto p = begin(time, NULL, to);
    tw__proto_text(&p, FILE_VERSION, "brain.Event:2");
    return finish(&p, to);
}

/* Non-finite values are left out. */
static void put_value(tw__proto *p, const char *tag, double number)
{
    if (!isfinite(number)) return;
    const size_t value = tw__proto_begin(p, VALUE);
    tw__proto_text(p, TAG, tag);
    tw__proto_f32(p, SIMPLE_VALUE, (float)number);
    tw__proto_end(p, value);
}

static void put_norms(tw__proto *p, const tw_run *run, int kind)
{
    char name[TW__RUN_LOG_NAME], tag[TW__RUN_LOG_NAME + 16];
    for (size_t i = 0; i < tw__run_log_tensors(run); i++) {
        snprintf(tag, sizeof tag, "%s/%s", tw__run_log_kinds[kind], tw__run_log_name(run, i, name));
        put_value(p, tag, tw__run_log_norm(run, kind, i));
    }
}

size_t tw__run_log_event(const tw_run_log_entry *e, uint8_t *to)
{
    double numbers[TW__RUN_LOG_NUMBERS];
    tw__proto p = begin(e->time, e->norms, to);
    tw__run_log_numbers(e, numbers);
    tw__proto_number(&p, STEP, e->step);
    const size_t summary = tw__proto_begin(&p, SUMMARY);
    for (int i = 0; i < TW__RUN_LOG_NUMBERS; i++) put_value(&p, tw__run_log_names[i], numbers[i]);
    for (int kind = 0; kind < TW__RUN_LOG_KINDS && e->norms; kind++) put_norms(&p, e->norms, kind);
    tw__proto_end(&p, summary);
    return finish(&p, to);
}

/* The step of an event as it is written here, 0 where it has none: after the time comes the step. */
static uint64_t step_of(const uint8_t *event, size_t n)
{
    uint64_t step = 0;
    if (n < 10 || event[9] != STEP << 3) return 0;
    for (size_t i = 10, shift = 0; i < n && shift < 64; i++, shift += 7) {
        step |= (uint64_t)(event[i] & 0x7f) << shift;
        if (!(event[i] & 0x80)) break;
    }
    return step;
}

size_t tw__run_log_events_kept(const uint8_t *bytes, size_t n, uint64_t steps)
{
    size_t at = 0;
    while (n - at >= BEFORE + AFTER) {
        const uint8_t *record = bytes + at, *event = record + BEFORE;
        const uint64_t length = get(record, 8);
        if (get(record + 8, 4) != masked_crc(record, 8) || length > n - at - BEFORE - AFTER) break;
        if (get(event + length, AFTER) != masked_crc(event, length) || step_of(event, length) > steps) break;
        at += BEFORE + (size_t)length + AFTER;
    }
    return at;
}
