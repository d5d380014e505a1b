/* Links: parcels in their order, signs of life, failures that the others learn of, and plug-ins.
 * SPDX-License-Identifier: MIT */
#include "context.h"
#include "exchange/link.h"
#include "memory_link.h"
#include <stdio.h>
#include <time.h>

static tw_link *open_end(memory_net *net, tw_context *ctx, size_t rank)
{
    tw_link *link;
    const tw_link_carrier c = memory_carrier(net, rank);
    assert_int_equal(tw_link_create(&link, ctx, &c, NULL), TW_OK);
    return link;
}

static void send_number(tw_link *link, int channel, size_t to, uint32_t number)
{
    tw__parcel *p;
    assert_int_equal(tw__parcel_create(link, sizeof number, &p, NULL), TW_OK);
    memcpy(p->bytes, &number, sizeof number);
    assert_int_equal(tw__link_send(link, channel, to, p, NULL), TW_OK);
}

/* -1: nothing has come */
static long take_number(tw_link *link, int channel, size_t from)
{
    tw__parcel *p;
    uint32_t number;
    assert_int_equal(tw__link_receive(link, channel, from, &p, NULL), TW_OK);
    if (!p) return -1;
    assert_int_equal(p->n, sizeof number);
    memcpy(&number, p->bytes, sizeof number);
    tw__parcel_free(link, p);
    return (long)number;
}

struct leaving {
    tw_link *link;
    const tw_error *failure;
    tw_status status;
    tw_error err;
};
static void *leave(void *arg)
{
    struct leaving *l = arg;
    l->status = tw_link_close(l->link, l->failure, &l->err);
    return NULL;
}

static void close_both(tw_link *a, tw_link *b)
{
    pthread_t thread;
    struct leaving other = {.link = b};
    assert_int_equal(pthread_create(&thread, NULL, leave, &other), 0);
    assert_int_equal(tw_link_close(a, NULL, NULL), TW_OK);
    pthread_join(thread, NULL);
}

static void parcels_arrive_in_order(void **state)
{
    memory_net net;
    (void)state;
    tw_context *ctx = context(1);
    memory_open(&net, 3);
    tw_link *a = open_end(&net, ctx, 0), *b = open_end(&net, ctx, 1), *c = open_end(&net, ctx, 2);
    assert_string_equal(tw_link_host(b, 2), "south");
    for (uint32_t i = 0; i < 50; i++) send_number(a, TW_LINK_MESSAGES, 2, i);
    send_number(b, TW_LINK_MESSAGES, 2, 1000);
    send_number(a, TW_LINK_SUMS, 2, 2000);
    assert_int_equal(take_number(c, TW_LINK_MESSAGES, 1), 1000);
    assert_int_equal(take_number(c, TW_LINK_SUMS, 3), 2000);
    for (long i = 0; i < 50; i++) assert_int_equal(take_number(c, TW_LINK_MESSAGES, i % 2 ? 0 : 3), i);
    assert_int_equal(take_number(c, TW_LINK_MESSAGES, 3), -1);
    assert_int_equal(take_number(b, TW_LINK_MESSAGES, 3), -1);
    assert_int_equal(tw__link_push(a, NULL), TW_OK);
    assert_int_equal(tw__link_check(c, 30, "nothing", NULL), TW_OK);
    pthread_t thread;
    struct leaving other = {.link = b};
    assert_int_equal(pthread_create(&thread, NULL, leave, &other), 0);
    close_both(a, c);
    pthread_join(thread, NULL);
    for (int i = 0; i < 3; i++) assert_true(net.end[i].closed && !net.end[i].failed);
    memory_end_all(&net);
    tw_context_free(ctx);
}

/* Until the thread has read what was sent. */
static tw_status wait_for_loss(tw_link *link, double timeout, tw_error *err)
{
    tw_status s = TW_OK;
    for (int i = 0; i < 500 && s == TW_OK; i++) {
        s = tw__link_check(link, timeout, "the weights of update 7", err);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return s;
}

static void others_learn_of_a_failure(void **state)
{
    memory_net net;
    tw_error err, failure = {.code = TW_ERR_DATA, .message = "a9a.txt:812: feature index 0"};
    (void)state;
    tw_context *ctx = context(1);
    memory_open(&net, 2);
    tw_link *a = open_end(&net, ctx, 0), *b = open_end(&net, ctx, 1);
    assert_int_equal(tw_link_close(b, &failure, NULL), TW_OK);
    assert_true(net.end[1].failed);
    assert_int_equal(wait_for_loss(a, 30, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "rank 1 on east has failed: a9a.txt:812: feature index 0");
    memset(&err, 0, sizeof err); /* it does not wait for one that has failed, and ends with its error */
    assert_int_equal(tw_link_close(a, NULL, &err), TW_ERR_DATA);
    assert_string_equal(err.message, "rank 1 on east has failed: a9a.txt:812: feature index 0");
    assert_true(net.end[0].failed);
    memory_end_all(&net);
    tw_context_free(ctx);
}

/* One that has done its part ends with the error of rank 0, which fails later, as where a file is full. */
static void who_waits_for_the_end_learns_of_it(void **state)
{
    memory_net net;
    tw_error failure = {.code = TW_ERR_SYSTEM, .message = "cannot write out/model.safetensors"};
    pthread_t thread[2];
    (void)state;
    tw_context *ctx = context(1);
    memory_open(&net, 3);
    tw_link *const a = open_end(&net, ctx, 0);
    struct leaving others[2] = {{.link = open_end(&net, ctx, 1)}, {.link = open_end(&net, ctx, 2)}};
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&thread[i], NULL, leave, &others[i]), 0);
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    tw_link_close(a, &failure, NULL);
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(others[i].status, TW_ERR_SYSTEM);
        assert_non_null(strstr(others[i].err.message, "has failed: cannot write out/model.safetensors"));
        assert_true(net.end[i + 1].failed);
    }
    memory_end_all(&net);
    tw_context_free(ctx);
}

static void silence_is_noticed(void **state)
{
    memory_net net;
    tw_error err;
    (void)state;
    tw_context *ctx = context(1);
    memory_open(&net, 2);
    tw_link *a = open_end(&net, ctx, 0), *b = open_end(&net, ctx, 1);
    memory_silence(&net, 1);
    assert_int_equal(wait_for_loss(a, 1.5, &err), TW_ERR_WORKER);
    assert_non_null(strstr(err.message, "rank 1 on east has given no sign of life for "));
    assert_non_null(strstr(err.message, "rank 0 on north waited for the weights of update 7"));
    tw_link_close(a, &err, NULL);
    tw_link_close(b, &err, NULL);
    memory_end_all(&net);
    tw_context_free(ctx);
}

static void refused(void **state)
{
    memory_net net;
    tw_error err;
    tw_link *link;
    char text[64];
    (void)state;
    tw_context *ctx = context(1);
    memory_open(&net, 2);
    tw_link_carrier c = memory_carrier(&net, 1);
    c.rank = 2;
    assert_int_equal(tw_link_create(&link, ctx, &c, &err), TW_ERR_SPEC);
    assert_string_equal(err.message, "rank 2 of 2: ranks are 0 to ranks - 1, of at most 1024");
    c = memory_carrier(&net, 1);
    c.probe = NULL;
    assert_int_equal(tw_link_create(&link, ctx, &c, &err), TW_ERR_SPEC);
    assert_int_equal(tw_link_open(&link, ctx, "nowhere/thalweg-mpi.so", NULL, &err), TW_ERR_NOT_FOUND);
    assert_string_equal(err.message, "there is no plug-in nowhere/thalweg-mpi.so");
    assert_int_equal(tw_link_plugin_name(TW_BINARY_DIR "/CMakeCache.txt", sizeof text, text, &err),
                     TW_ERR_SYSTEM);
    assert_non_null(strstr(err.message, "CMakeCache.txt"));
    assert_int_equal(tw_link_close(NULL, NULL, NULL), TW_OK);
    memory_end_all(&net);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parcels_arrive_in_order),
                                       cmocka_unit_test(others_learn_of_a_failure),
                                       cmocka_unit_test(who_waits_for_the_end_learns_of_it),
                                       cmocka_unit_test(silence_is_noticed), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
