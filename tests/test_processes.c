/* Workers in separate processes, here threads with a link over memory: each makes its own run.
 * SPDX-License-Identifier: MIT */
#include "process_runs.h"
#include "exchange/processes.h"
#include <thalweg/version.h>

static const char *const exact[] = {"mpi+allreduce", "mpi+sharded", "mpi+ps:sync=bsp",
                                    "mpi+ps:sync=bsp,servers=3"};
enum { N_EXACT = sizeof exact / sizeof exact[0] };

static void bits_of_local(void **state)
{
    static const char *const rules[] = {"sgd:lr=0.05", "adam:lr=0.01", "clip_global_norm:max=0.5+nag"};
    (void)state;
    for (size_t n = 2; n <= MEMORY_MOST; n++)
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
            const char *const exchange = exact[(n + i) % N_EXACT];
            worker_run net = {.rows = networks_data,
                              .model = "flatten; dense 150 relu; dropout 0.2; dense 3 softmax",
                              .classes = 3,
                              .n_rows = 100,
                              .o.optimizer = rules[i]};
            worker_run sparse = {.rows = worker_sparse, .model = "softmax", .classes = 16, .o.batch = 50};
            sparse.o.optimizer = rules[i];
            same_as(&net, exchange, n, "local");
            same_as(&sparse, exchange, n, "local");
        }
}

/* Sums over the batch within an evaluation; a rate that a control of rank 0 lowers. */
static void bits_of_local_for_hard_models(void **state)
{
    (void)state;
    worker_run joined = {.rows = networks_data,
                         .model = worker_batch_norm,
                         .classes = 3,
                         .n_rows = 120,
                         .o.batch = 40};
    worker_run controlled = {.rows = networks_data,
                             .model = "flatten; dense 9 relu; dense 3 softmax",
                             .classes = 3,
                             .n_rows = 100,
                             .o.control = "plateau:metric=loss,patience=1,threshold=0.9"};
    joined.o.optimizer = "adam:lr=0.01";
    controlled.o.epochs = 6;
    same_as(&joined, "mpi+allreduce", 3, "local");
    same_as(&joined, "mpi+sharded", 2, "local");
    same_as(&controlled, "mpi+allreduce", 2, "local");
    same_as(&controlled, "mpi+ps:sync=bsp", 3, "local");
}

/* What workers with weights of their own come to does not depend on where these are. */
static void bits_of_threads(void **state)
{
    static const char *const replicas[] = {"average:every=3", "average:every=0", "easgd:every=3,beta=0.5",
                                           "diloco:every=4", "diloco:every=3,outer=\"adam:lr=0.01\""};
    (void)state;
    for (size_t i = 0; i < sizeof replicas / sizeof replicas[0]; i++)
        for (size_t n = 2; n <= MEMORY_MOST; n += 2) {
            char here[80], there[80];
            worker_run net = {.rows = networks_data,
                              .model = worker_batch_norm,
                              .classes = 3,
                              .n_rows = 100,
                              .o.batch = 10,
                              .o.optimizer = "momentum:lr=0.02"};
            snprintf(there, sizeof there, "mpi+%s", replicas[i]);
            snprintf(here, sizeof here, "%s,workers=%zu", replicas[i], n);
            same_as(&net, there, n, here);
        }
    worker_run linear = {.rows = worker_sparse,
                         .model = "logistic:l2=0.01,l1=0.001",
                         .classes = 2,
                         .o.batch = 30};
    same_as(&linear, "mpi+admm:every=5", 3, "admm:every=5,workers=3");
}

static worker_run large_net(void)
{
    return (worker_run){.rows = networks_data,
                        .model = "flatten; dense 150 relu; dense 3 softmax",
                        .classes = 3,
                        .n_rows = 120,
                        .o.batch = 10,
                        .o.epochs = 4};
}

static void same_as_threads(worker_run *r, const char *exchange, size_t n)
{
    char here[120], there[120];
    snprintf(there, sizeof there, "mpi+%s", exchange);
    snprintf(here, sizeof here, "%s%sworkers=%zu", exchange, strchr(exchange, ':') ? "," : ":", n);
    same_as(r, there, n, here);
}

static void bits_of_threads_in_fewer_bits(void **state)
{
    static const char *const wires[] = {"bf16", "topk,keep=0.1", "1bit", "2bit", "powersgd"};
    (void)state;
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++)
        for (size_t n = 2; n <= MEMORY_MOST; n++) {
            char exchange[80];
            worker_run net = large_net(), sparse = {.rows = worker_sparse, .model = "softmax", .classes = 16};
            snprintf(exchange, sizeof exchange, "allreduce:wire=%s", wires[i]);
            same_as_threads(&net, exchange, n);
            same_as_threads(&sparse, exchange, n);
        }
    worker_run net = large_net(), averaged = {.rows = networks_data,
                                              .model = worker_batch_norm,
                                              .classes = 3,
                                              .n_rows = 100,
                                              .o.batch = 10};
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        char exchange[80];
        snprintf(exchange, sizeof exchange, "diloco:every=4,wire=%s", wires[i]);
        same_as_threads(&net, exchange, 2 + i % 3);
        if (!strcmp(wires[i], "powersgd")) same_as_threads(&averaged, exchange, 2 + i % 3);
    }
    same_as_threads(&net, "sharded:wire=bf16", 3);
    same_as_threads(&net, "sharded:wire=powersgd", 3);
    same_as_threads(&net, "ps:sync=bsp,servers=2,wire=powersgd", 3);
    same_as_threads(&net, "ps:sync=bsp,wire=2bit", 3);
}

/* Bytes of messages over the link, without what each message has around its numbers; what is counted is
 * near. */
static double sent_numbers(const char *exchange, size_t n)
{
    enum { AROUND = 600 };
    struct process p[MEMORY_MOST];
    worker_run r = large_net();
    const worker_run *const runs[] = {&r, &r, &r, &r};
    be_all(runs, exchange, n, p);
    const tw_exchange_info *info = &p[0].told.info;
    const double sent = (double)p[0].sent, counted = (double)info->bytes,
                 around = AROUND * (double)info->messages;
    for (size_t i = 0; i < n; i++)
        if (!p[i].weights) fail_msg("%s, rank %zu: %s", exchange, i, p[i].err.message);
    if (fabs(sent - counted) > around)
        fail_msg("%s in %zu processes: %.0f bytes are sent, and %.0f counted", exchange, n, sent, counted);
    free_all(p, n);
    return sent - around;
}

static void fewer_bytes_are_sent(void **state)
{
    static const struct {
        const char *wire;
        double share[MEMORY_MOST + 1]; /* with so many processes, of what fp32 sends */
    } cases[] = {{"bf16", {0, 0, 0.5, 0.5, 0.5}},
                 {"2bit", {0, 0, 0.07, 0.1, 0.13}},
                 {"topk,keep=0.1", {0, 0, 0.075, 0.11, 0.15}},
                 {"powersgd", {0, 0, 0.07, 0.1, 0.14}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t n = 2; n <= MEMORY_MOST; n++) {
            char exchange[80];
            snprintf(exchange, sizeof exchange, "mpi+allreduce:wire=%s", cases[i].wire);
            const double share = sent_numbers(exchange, n) / sent_numbers("mpi+allreduce", n);
            if (!(share < cases[i].share[n] + 0.02)) fail_msg("%s in %zu processes: %g", exchange, n, share);
        }
}

/* Without waiting: the number of updates, staleness within the bound, and a loss that falls. */
static void without_waiting(void **state)
{
    static const char *const exchanges[] = {"mpi+ps:sync=asp",
                                            "mpi+ps:sync=ssp,staleness=1",
                                            "mpi+ps:sync=asp,servers=2",
                                            "mpi+ps:sync=asp,oldest=1",
                                            "mpi+ps:sync=asp,gather=2",
                                            "mpi+easgd:every=2,sync=0",
                                            "mpi+downpour:push=2,fetch=3,server=\"sgd:lr=0.05\"",
                                            "mpi+downpour:servers=3",
                                            "mpi+downpour:push=2,fetch=3,server=\"sgd:lr=0.05\",wire=2bit",
                                            "mpi+downpour:push=2,fetch=2,servers=2,wire=topk,keep=0.1",
                                            "mpi+downpour:push=2,fetch=2,servers=2,wire=powersgd"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        struct process p[3];
        worker_run r = large_net();
        const worker_run *const runs[] = {&r, &r, &r};
        be_all(runs, exchanges[i], 3, p);
        for (int k = 0; k < 3; k++)
            if (!p[k].weights) fail_msg("%s, rank %d: %s", exchanges[i], k, p[k].err.message);
        const tw_exchange_info *info = &p[0].told.info;
        if (!(p[0].told.loss < 1.07)) fail_msg("%s: loss %g", exchanges[i], p[0].told.loss);
        /* each of two others from 1 behind to 1 ahead of the worker, and the update after that */
        if (strstr(exchanges[i], "ssp")) assert_true(info->most_stale <= 2 * 3);
        if (strstr(exchanges[i], "oldest")) assert_true(info->most_stale == 0);
        free_all(p, 3);
    }
}

static void what_is_told(void **state)
{
    struct process p[2];
    worker_run r = {.rows = networks_data,
                    .model = "flatten; dense 9 relu; dense 3 softmax",
                    .classes = 3,
                    .n_rows = 96};
    const worker_run *const runs[] = {&r, &r};
    (void)state;
    be_all(runs, "mpi+allreduce", 2, p);
    assert_non_null(p[0].weights);
    assert_int_equal(p[0].told.info.workers, 2);
    assert_int_equal(p[0].told.info.messages,
                     2 * 2 * 9); /* each to each in two stages of each of 9 updates */
    free_all(p, 2);
}

/* Rank 0 refuses what rank 1 makes, and both say which line of it. */
static void refused_by_rank_0(const worker_run *r, const worker_run *other, const char *words)
{
    struct process p[2];
    const worker_run *const runs[] = {r, other};
    char text[600];
    be_all(runs, "mpi+allreduce", 2, p);
    snprintf(text, sizeof text, "rank 1 on east makes another run: %s", words);
    assert_null(p[0].weights);
    if (strncmp(p[0].err.message, text, strlen(text)) != 0)
        fail_msg("\"%s\" and not \"%s\"", p[0].err.message, text);
    assert_int_equal(p[0].err.code, TW_ERR_SPEC);
    assert_null(p[1].weights);
    assert_int_equal(p[1].err.code, TW_ERR_SPEC);
    assert_non_null(strstr(p[1].err.message, "rank 0 on north has failed: rank 1 on east makes another run"));
    free_all(p, 2);
}

/* Options and rows must be those of rank 0, whose message names the line. */
static void other_runs(void **state)
{
    const worker_run net = {.rows = networks_data,
                            .model = "flatten; dense 9 relu; dense 3 softmax",
                            .classes = 3,
                            .n_rows = 96,
                            .o.epochs = 6},
                     linear = {.rows = worker_sparse, .model = "logistic", .classes = 2};
    worker_run other = net;
    (void)state;
    other.o.optimizer = "adam";
    refused_by_rank_0(&net, &other, "optimizer adam, and here optimizer sgd:lr=0.05");
    other = net;
    other.o.schedule = "cosine";
    refused_by_rank_0(&net, &other, "schedule cosine, and here schedule constant");
    other = net;
    other.o.control = "plateau:metric=loss,patience=1";
    refused_by_rank_0(&net, &other, "control plateau:metric=loss,patience=1, and here control none");
    other = linear;
    other.model = "logistic:l2=0.5";
    refused_by_rank_0(&linear, &other, "l2 0.5, and here l2 0");
    other = linear;
    other.n_rows = 299;
    refused_by_rank_0(&linear, &other, "rows 299, and here rows 300");
}

/* A message has as much of a long line as it can show. */
static void other_runs_with_long_lines(void **state)
{
    static const char begins[] = "control plateau:metric=loss,patience=1,factor=0.00";
    const worker_run r = {.rows = networks_data,
                          .model = "flatten; dense 9 relu; dense 3 softmax",
                          .classes = 3,
                          .n_rows = 96,
                          .o.epochs = 6};
    worker_run other = r;
    char control[256];
    (void)state;
    other.o.control = control;
    for (size_t length = 199; length <= 201; length++) { /* of the line */
        const int zeros = (int)(length + 1 - sizeof begins - strlen(",threshold=0.1")), half = zeros / 2;
        snprintf(control, sizeof control, "%s%0*d,threshold=0.%0*d", strchr(begins, 'p'), half, 1,
                 zeros - half + 1, 1);
        refused_by_rank_0(&r, &other, begins);
    }
}

/* What was loaded must be the same, too. */
static void other_states(void **state)
{
    const worker_run r = {.rows = networks_data,
                          .model = "flatten; dense 9 relu; dense 3 softmax",
                          .classes = 3,
                          .n_rows = 96};
    worker_run other = r;
    (void)state;
    other.moved = 0.25;
    refused_by_rank_0(&r, &other, "after 0 updates weights ");
}

/* A process that says something by hand first: what rank 1 sends where it says hello. */
struct stranger {
    tw_link *link;
    const void *bytes;
    size_t n;
};

static void *be_stranger(void *arg)
{
    const struct stranger *s = arg;
    tw__parcel *p;
    assert_int_equal(tw__parcel_create(s->link, s->n, &p, NULL), TW_OK);
    memcpy(p->bytes, s->bytes, s->n);
    assert_int_equal(tw__link_send(s->link, TW_LINK_MESSAGES, 0, p, NULL), TW_OK);
    tw_link_close(s->link, NULL, NULL);
    return NULL;
}

static void refused_stranger(const void *bytes, size_t n, tw_status code, const char *words)
{
    const worker_run r = {.rows = networks_data, .model = "flatten; dense 3 softmax", .classes = 3};
    memory_net net;
    pthread_t thread[2];
    tw_context *ctx = networks_context(1);
    struct process p = {.run = &r, .exchange = "mpi+allreduce"};
    struct stranger s = {.bytes = bytes, .n = n};
    memory_open(&net, 2);
    for (size_t i = 0; i < 2; i++) {
        const tw_link_carrier c = memory_carrier(&net, i);
        assert_int_equal(tw_link_create(i ? &s.link : &p.link, ctx, &c, NULL), TW_OK);
    }
    assert_int_equal(pthread_create(&thread[0], NULL, be_process, &p), 0);
    assert_int_equal(pthread_create(&thread[1], NULL, be_stranger, &s), 0);
    for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    assert_null(p.weights);
    if (p.err.code != code || !strstr(p.err.message, words))
        fail_msg("%d, \"%s\" and not \"%s\"", p.err.code, p.err.message, words);
    memory_end_all(&net);
    tw_context_free(ctx);
}

/* Each is refused by name at its first word, however its messages go on. */
static void other_versions(void **state)
{
    char bytes[200] = {0}, here[256];
    tw__parcel_head h = {.magic = TW__PARCEL_MAGIC,
                         .version = TW__PARCEL_VERSION + 1,
                         .kind = TW__HELLO,
                         .bytes = sizeof h,
                         .library = TW_VERSION};
    (void)state;
    snprintf(here, sizeof here,
             "rank 1 on east runs another version of Thalweg, " TW_VERSION
             " (messages of version %d, heads of %d bytes), and rank 0 on north " TW_VERSION
             " (messages of version %d, heads of %d bytes): install the same on all machines",
             TW__PARCEL_VERSION + 1, (int)sizeof h, TW__PARCEL_VERSION, (int)sizeof h);
    memcpy(bytes, &h, sizeof h);
    refused_stranger(bytes, sizeof h, TW_ERR_SPEC, here);
    h.version = TW__PARCEL_VERSION;
    h.bytes += 8;
    memcpy(bytes, &h, sizeof h);
    refused_stranger(bytes, sizeof h + 8, TW_ERR_SPEC, "another version of Thalweg, " TW_VERSION);
    h.bytes = 24; /* all that is left of it */
    memcpy(bytes, &h, sizeof h);
    refused_stranger(bytes, 24, TW_ERR_SPEC, "heads of 24 bytes), and rank 0");
    h.bytes = sizeof h;
    memcpy(h.library, "98.76.54-long\x01", TW__LIBRARY);
    memcpy(bytes, &h, sizeof h);
    refused_stranger(bytes, sizeof h, TW_ERR_SPEC, "another version of Thalweg, 98.76.54-long\\x01 (");
    h.version = 2;
    memcpy(bytes, &h, sizeof h);
    refused_stranger(
        bytes, 80, TW_ERR_SPEC,
        "another version of Thalweg, an older one (messages of version 2), and rank 0 on north " TW_VERSION);
    memset(bytes, 0, sizeof bytes);
    refused_stranger(bytes, sizeof bytes, TW_ERR_WORKER,
                     "rank 1 on east has sent what this version does not know");
    refused_stranger(bytes, 3, TW_ERR_WORKER, "rank 1 on east has sent what this version does not know");
    memcpy(bytes, &(uint32_t){TW__PARCEL_MAGIC}, 4);
    refused_stranger(bytes, 4, TW_ERR_SPEC, "an older one (messages of version 0)");
    h = (tw__parcel_head){.magic = TW__PARCEL_MAGIC,
                          .version = TW__PARCEL_VERSION,
                          .kind = TW__HELLO,
                          .bytes = sizeof h,
                          .library = TW_VERSION};
    refused_stranger(&h, sizeof h - 1, TW_ERR_WORKER, "what this version does not know");
}

/* Workers 0 and 1, and server 2, where there is one: what would be looked for past the ends of lists. */
static void impossible_messages(void **state)
{
    static const struct {
        size_t servers;
        tw__message m;
    } cases[] = {
        {1, {.carries = TW__GRADIENT, .from = 2, .to = 1, .hi = 10}},
        {1, {.carries = TW__VECTOR, .from = 0, .to = 1, .hi = 10}},
        {0, {.carries = TW__GRADIENT, .from = 1, .to = 1, .hi = 10}},
        {0, {.carries = TW__MEAN + 1, .from = 1, .to = 0, .hi = 10}},
        {0, {.carries = TW__WEIGHTS, .from = 1, .to = 0, .hi = 11}},
        {0, {.carries = TW__WEIGHTS, .from = 1, .to = 0, .lo = 6, .hi = 5}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw__workers x = {.n = 2, .n_servers = cases[i].servers, .set.size = 10};
        tw__reader_of_bytes r = {NULL, 0};
        tw_error err = {0};
        assert_int_equal(tw__content_read(&x, NULL, &cases[i].m, &r, &err), TW_ERR_DATA);
        assert_string_equal(err.message, "a message between processes has what its sender cannot have");
    }
}

/* Without a link there is one process. */
static void alone(void **state)
{
    worker_run r = {.rows = networks_data, .model = "flatten; dense 20 relu; dense 3 softmax", .classes = 3};
    (void)state;
    for (size_t i = 0; i < N_EXACT; i++) worker_same(&r, exact[i], "local");
    worker_same(&r, "mpi+ps:sync=asp,servers=2", "local");
}

static void refused(void **state)
{
    static const char *const cases[][2] = {
        {"local", "a link between processes needs an exchange on mpi"},
        {"allreduce:workers=2", "workers are processes here: write mpi+ before the exchange"},
        {"mpi+allreduce:workers=2", "mpirun -n N says how many there are"},
        {"mpi+hogwild", "share memory"},
        {"mpi:dedicated=1+allreduce", "dedicated=1 needs workers that do not wait for each other"},
        {"mpi:dedicated=3+ps:sync=asp", "dedicated=3 leaves no process to train"},
        {"mpi:dedicated=2+ps:sync=asp,servers=2", "dedicated=2 processes, and there is 1 server"},
        {"mpi+roundrobin", "roundrobin does not run in several processes yet"},
    };
    worker_run r = {.rows = networks_data, .model = "flatten; dense 3 softmax", .classes = 3};
    const worker_run *const runs[] = {&r, &r, &r};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct process p[3];
        be_all(runs, cases[i][0], 3, p);
        assert_null(p[0].weights);
        assert_int_equal(p[0].err.code, TW_ERR_SPEC);
        if (!strstr(p[0].err.message, cases[i][1])) fail_msg("%s: %s", cases[i][0], p[0].err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] =
        {cmocka_unit_test(bits_of_local),        cmocka_unit_test(bits_of_local_for_hard_models),
         cmocka_unit_test(bits_of_threads),      cmocka_unit_test(without_waiting),
         cmocka_unit_test(what_is_told),         cmocka_unit_test(alone),
         cmocka_unit_test(other_runs),           cmocka_unit_test(other_runs_with_long_lines),
         cmocka_unit_test(other_states),         cmocka_unit_test(other_versions),
         cmocka_unit_test(impossible_messages),  cmocka_unit_test(bits_of_threads_in_fewer_bits),
         cmocka_unit_test(fewer_bytes_are_sent), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
