/* run_log: lines and records, read back by a parser of the test's, and what a resumed run keeps of them.
 * SPDX-License-Identifier: MIT */
#include "proto_fields.h"
#include <stdio.h>
#include <math.h>
#include <string.h>
#include <thalweg/run_log.h>

static const tw_epoch epoch_2 = {2, 1.5, 0.25, 0.875, NAN, NAN, 1e-7};

static tw_run_log_entry epoch_entry(uint64_t step)
{
    return (tw_run_log_entry){.size = sizeof(tw_run_log_entry), .step = step, .line = &epoch_2, .time = 1e9};
}
static tw_run_log_entry update_entry(uint64_t step)
{
    return (tw_run_log_entry){.size = sizeof(tw_run_log_entry),
                              .step = step,
                              .epoch = 1,
                              .update_loss = 0.1,
                              .lr = 1,
                              .time = 1e9 + 0.5};
}

static void expect(enum tw_run_log format, tw_run_log_entry e, const char *line)
{
    char to[TW_RUN_LOG_MOST + 1];
    const size_t n = tw_run_log_bytes(format, &e, to);
    to[n] = 0;
    assert_string_equal(to, line);
}

static void lines(void **state)
{
    (void)state;
    char to[TW_RUN_LOG_MOST + 1];
    assert_int_equal(tw_run_log_head(TW_RUN_LOG_JSON, 0, NULL, to), 0);
    to[tw_run_log_head(TW_RUN_LOG_CSV, 0, NULL, to)] = 0;
    assert_string_equal(to, "epoch,step,seconds,loss,accuracy,val_loss,val_accuracy,lr,update_loss\n");
    expect(TW_RUN_LOG_CSV, epoch_entry(40), "2,40,1.5,0.25,0.875,,,1e-7,\n");
    expect(TW_RUN_LOG_CSV, update_entry(7), "1,7,,,,,,1,0.1\n");
    expect(TW_RUN_LOG_JSON, epoch_entry(40),
           "{\"epoch\": 2, \"seconds\": 1.5, \"loss\": 0.25, \"accuracy\": 0.875, \"lr\": 1e-7}\n");
    expect(TW_RUN_LOG_JSON, update_entry(7),
           "{\"epoch\": 1, \"step\": 7, \"lr\": 1, \"update_loss\": 0.1}\n");
}

static void what_stays_of_lines(void **state)
{
    (void)state;
    static const struct {
        enum tw_run_log format;
        const char *kept, *cut;
        uint64_t epochs, steps;
    } cases[] = {
        {TW_RUN_LOG_JSON, "{\"epoch\": 1, \"loss\": 1}\n", "{\"epoch\": 2, \"loss\": 1}\n{\"epoch\": 3}\n", 1,
         10},
        {TW_RUN_LOG_JSON, "{\"epoch\": 1, \"step\": 12}\n", "{\"epoch\": 1, \"step\": 13}\n{\"epoch\": 2}\n",
         1, 12},
        {TW_RUN_LOG_JSON, "{\"epoch\": 9}\n", "{\"epoch\": 1, \"step\": 1}\n", 0,
         0}, /* another run's epochs */
        {TW_RUN_LOG_JSON, "hello\n", "{\"epoch\": 8, \"los", 5, 10},
        {TW_RUN_LOG_CSV, "epoch,step,seconds\n1,10,,\n", "1,11,,\n2,20,,\n2", 1, 10},
        {TW_RUN_LOG_CSV, "epoch,step,seconds\n", "1,1,\n", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char all[256];
        snprintf(all, sizeof all, "%s%s", cases[i].kept, cases[i].cut);
        assert_int_equal(tw_run_log_kept(cases[i].format, all, strlen(all), cases[i].epochs, cases[i].steps),
                         strlen(cases[i].kept));
    }
}

/* ---- records ------------------------------------------------------------------------------------------- */

/* CRC-32C by a table of its own. */
static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t table[256], crc = 0xffffffff;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++) table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 : table[i] >> 1;
    }
    while (n--) crc = table[(crc ^ *bytes++) & 255] ^ crc >> 8;
    return ~crc;
}

/* The event of the record at `at`, whose checksums hold. */
static const uint8_t *event_of(const uint8_t *at, size_t *n)
{
    uint32_t sums[2];
    memcpy(n, at, 8);
    memcpy(&sums[0], at + 8, 4);
    memcpy(&sums[1], at + 12 + *n, 4);
    const uint32_t right[] = {crc_of(at, 8), crc_of(at + 12, *n)};
    for (int i = 0; i < 2; i++)
        assert_int_equal(sums[i], (uint32_t)((right[i] >> 15 | right[i] << 17) + 0xa282ead8));
    return at + 12;
}

static void check_value(proto_field value, const char *tag, float number)
{
    const uint8_t *at = value.at;
    const proto_field name = proto_next(&at), x = proto_next(&at);
    float got;
    assert_true(value.number == 1 && name.number == 1 && x.number == 2 && at == value.at + value.value);
    assert_true(proto_is(name, tag));
    memcpy(&got, x.at, sizeof got);
    assert_true(got == number);
}

static void records(void **state)
{
    (void)state;
    uint8_t file[3 * TW_RUN_LOG_MOST];
    const tw_run_log_entry epoch = epoch_entry(300);
    size_t length;
    double time;
    assert_int_equal(crc_of((const uint8_t *)"123456789", 9), 0xe3069283);
    const size_t head = tw_run_log_head(TW_RUN_LOG_EVENTS, 1e9, NULL, file);
    const uint8_t *at = event_of(file, &length), *end = at + length;
    proto_field f = proto_next(&at);
    memcpy(&time, f.at, 8);
    assert_true(f.number == 1 && time == 1e9);
    f = proto_next(&at);
    assert_true(f.number == 3 && f.value == 13 && memcmp(f.at, "brain.Event:2", 13) == 0 && at == end);

    const size_t n = tw_run_log_bytes(TW_RUN_LOG_EVENTS, &epoch, file + head);
    assert_int_equal(n, 12 + (at = event_of(file + head, &length), length) + 4);
    end = at + length;
    assert_int_equal(proto_next(&at).number, 1);
    f = proto_next(&at);
    assert_true(f.number == 2 && f.value == 300);
    f = proto_next(&at);
    assert_true(f.number == 5 && at == end);
    at = f.at;
    check_value(proto_next(&at), "loss", 0.25f);
    check_value(proto_next(&at), "accuracy", 0.875f);
    check_value(proto_next(&at), "lr", 1e-7f);
    assert_true(at == end);
}

static void what_stays_of_records(void **state)
{
    (void)state;
    uint8_t file[8 * TW_RUN_LOG_MOST];
    const uint64_t steps[] = {10, 20, 300};
    size_t ends[4] = {tw_run_log_head(TW_RUN_LOG_EVENTS, 1, NULL, file)};
    for (int i = 0; i < 3; i++) {
        const tw_run_log_entry e = update_entry(steps[i]);
        ends[i + 1] = ends[i] + tw_run_log_bytes(TW_RUN_LOG_EVENTS, &e, file + ends[i]);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(tw_run_log_kept(TW_RUN_LOG_EVENTS, file, ends[3], 0, steps[i]), ends[i + 1]);
    assert_int_equal(tw_run_log_kept(TW_RUN_LOG_EVENTS, file, ends[3], 0, 0), ends[0]);
    for (size_t n = ends[1]; n < ends[2]; n++) /* cut off */
        assert_int_equal(tw_run_log_kept(TW_RUN_LOG_EVENTS, file, n, 9, 900), ends[1]);
    file[ends[1] + 15] ^= 1; /* damaged */
    assert_int_equal(tw_run_log_kept(TW_RUN_LOG_EVENTS, file, ends[3], 9, 900), ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(what_stays_of_lines),
        cmocka_unit_test(records),
        cmocka_unit_test(what_stays_of_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
