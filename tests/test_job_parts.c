/* Jobs of several processes, here threads, that write their checkpoints in parts: they continue with the same
 * bits in other numbers of processes, and whatever fails in whichever process leaves the last checkpoint
 * whole.
 * SPDX-License-Identifier: MIT */
#include "context.h"
#include "fault_walk.h"
#include "file/stored.h"
#include "files.h"
#include "memory_link.h"
#include "small_data.h"
#include <thalweg/train.h>
#include <unistd.h>

#define DATA TW_BINARY_DIR "/test_job_parts.data"
#define OUT TW_BINARY_DIR "/test_job_parts.out"
#define OTHER TW_BINARY_DIR "/test_job_parts.other"

enum { MOST_WRITES = 16, EPOCHS = 4 };

/* One process: how it fails, and what became of it. */
typedef struct process {
    faults f; /* the user of its files */
    tw_job_options o;
    const char *resumes; /* NULL, or the folder */
    tw_link *link;
    tw_context *ctx;
    int loses_files; /* what it writes is not there */
    int looks_left;  /* of rank 0, until it stops; negative: it does not */
    long fails_after_step, fail_step, fail_allocation;
    long steps_at, allocations_at, steps_until, allocations_until; /* rank 0, of the last save */
    long opened[MOST_WRITES]; /* allocations before each file that it opened to write */
    int n_opened;
    tw_status status;
    tw_error err;
} process;

static int open_noting(void *user, const char *path, int mode, void **file)
{
    process *p = user;
    if (mode != TW_OPEN_READ && p->n_opened < MOST_WRITES) p->opened[p->n_opened++] = p->f.allocations;
    return faulty_open(user, path, mode, file);
}

static int lose(void *user, const char *from, const char *to)
{
    const process *p = user;
    if (!p->loses_files) return faulty_rename(user, from, to);
    return tw__system_io.remove(NULL, from);
}

/* How many updates a step has is a matter of time, but one ends where a target is compared: in a run that is
 * stopped with each multiple of this. */
enum { EVERY = 3 };

static void compare_every(process *p, uint64_t updates)
{
    p->o.run.target = "loss=0";
    p->o.run.eval_every = updates;
}

static int is_looked_at(const tw_event *event)
{
    return ((event->epoch - 1) * event->steps_per_epoch + event->step) % EVERY == 0;
}

/* Rank 0: arms its faults when so many steps are made, and stops at the last of the looks that are left. */
static int look(void *user, const tw_event *event)
{
    process *p = user;
    if (event->kind == TW_EVENT_CHECKPOINT) {
        p->steps_until = p->f.steps;
        p->allocations_until = p->f.allocations;
        return 0;
    }
    if (event->kind != TW_EVENT_STEP) return 0;
    p->steps_at = p->f.steps;
    p->allocations_at = p->f.allocations;
    if (p->fails_after_step > 0 && --p->fails_after_step == 0) {
        if (p->fail_step) p->f.fail_step = p->f.steps + p->fail_step;
        if (p->fail_allocation) p->f.fail_allocation = p->f.allocations + p->fail_allocation;
    }
    return p->looks_left > 0 && is_looked_at(event) && --p->looks_left == 0;
}

static void *be_process(void *arg)
{
    process *p = arg;
    tw_job *job = NULL;
    p->o.run.link = p->link;
    if (!p->link || tw_link_rank(p->link) == 0) {
        p->o.run.event = look;
        p->o.run.user = p;
    }
    p->status = p->resumes ? tw_job_resume(&job, p->ctx, p->resumes, &p->o, &p->err)
                           : tw_job_create(&job, p->ctx, &p->o, &p->err);
    if (p->status == TW_OK) p->status = tw_job_run(job, &p->err);
    tw_job_free(job);
    if (p->status == TW_OK) p->status = tw_link_close(p->link, NULL, &p->err);
    else tw_link_close(p->link, &p->err, NULL);
    return NULL;
}

static void make_context(process *p)
{
    tw_io io = faulty_io(&p->f);
    tw_context_options o = TW_CONTEXT_OPTIONS_INIT;
    io.open = open_noting;
    io.rename = lose;
    p->f = (faults){.only_changes = 1, .whole = 1};
    o.resize = faulty_resize;
    o.user = &p->f;
    o.io = &io;
    o.threads = 1;
    if (p->fails_after_step == 0) { /* another rank: from the beginning */
        p->f.fail_step = p->fail_step;
        p->f.fail_allocation = p->fail_allocation;
    }
    assert_int_equal(tw_context_create(&p->ctx, &o, NULL), TW_OK);
}

/* All processes of a job; n 0: one without a link. Bytes that they sent. */
static size_t be_all(process *p, size_t n)
{
    memory_net net;
    pthread_t thread[MEMORY_MOST];
    tw_context *ctx = context(1);
    memory_open(&net, n);
    for (size_t i = 0; i < n; i++) {
        const tw_link_carrier c = memory_carrier(&net, i);
        assert_int_equal(tw_link_create(&p[i].link, ctx, &c, NULL), TW_OK);
    }
    for (size_t i = 0; i < n || i == 0; i++) make_context(&p[i]);
    for (size_t i = 0; i < n || i == 0; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, be_process, &p[i]), 0);
    for (size_t i = 0; i < n || i == 0; i++) pthread_join(thread[i], NULL);
    memory_end_all(&net);
    tw_context_free(ctx);
    for (size_t i = 0; i < n || i == 0; i++) {
        tw_context_free(p[i].ctx);
        if (p[i].f.live) fail_msg("rank %zu still has %ld bytes", i, p[i].f.live);
    }
    return net.sent;
}

/* 5 x 1600 + ... weights: in ranges of several chunks. */
static tw_job_options options(const char *exchange)
{
    tw_job_options o = TW_JOB_OPTIONS_INIT;
    o.data = DATA;
    o.model = "flatten; dense 120 tanh; dense 60 relu; dense 10 tanh; dense classes softmax";
    o.out = OUT;
    o.run.exchange = exchange;
    o.run.epochs = 2;
    o.run.batch = 12;
    o.run.seed = 11;
    o.run.optimizer = "adam:lr=0.01";
    return o;
}

static void clear(const char *directory)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s' '%s" TW_PARTIAL "'", directory, directory);
    assert_int_equal(system(command), 0);
}

static int is_there(const char *path) { return access(path, F_OK) == 0; }

/* A job in OUT from its beginning, or continued; it is done, or stopped after so many looks. */
static void work(const char *exchange, int resumes, size_t n, int looks)
{
    process p[MEMORY_MOST] = {{.n_opened = 0}};
    if (!resumes) clear(OUT);
    for (size_t i = 0; i < n || i == 0; i++) {
        if (resumes) p[i].o = (tw_job_options)TW_JOB_OPTIONS_INIT;
        else {
            p[i].o = options(exchange);
            compare_every(&p[i], EVERY);
        }
        p[i].resumes = resumes ? OUT : NULL;
        p[i].looks_left = looks;
    }
    be_all(p, n);
    for (size_t i = 0; i < n || i == 0; i++)
        if (p[i].status != TW_OK) fail_msg("%s, rank %zu of %zu: %s", exchange, i, n, p[i].err.message);
}

static char expected[200000], found[200000];
static size_t n_expected;

static void expect_model_of(const char *exchange, size_t n)
{
    work(exchange, 0, n, -1);
    n_expected = read_file(OUT "/model.safetensors", expected, sizeof expected);
    assert_true(n_expected > 1000 && n_expected < sizeof expected);
}

static void has_expected_model(const char *what)
{
    if (read_file(OUT "/model.safetensors", found, sizeof found) != n_expected ||
        memcmp(found, expected, n_expected) != 0)
        fail_msg("%s: another model", what);
    assert_false(is_there(OUT "/checkpoint-1-0.safetensors"));
    assert_false(is_there(OUT "/checkpoint-1-1.safetensors"));
}

/* ---- round trips --------------------------------------------------------------------------------------- */

static void any_number_continues(void **state)
{
    static const char *const exchanges[] = {"mpi:parts=1+sharded", "mpi:parts=1+allreduce",
                                            "mpi:parts=1+ps:sync=bsp,servers=2"};
    (void)state;
    expect_model_of("local", 0);
    for (size_t i = 0; i < 3; i++) {
        work(exchanges[i], 0, 3, 2);
        assert_true(is_there(OUT "/checkpoint-1-0.safetensors"));
        work(exchanges[i], 1, 2, 1);
        assert_true(is_there(OUT "/checkpoint-2-0.safetensors"));
        assert_false(is_there(OUT "/checkpoint-1-0.safetensors"));
        work(exchanges[i], 1, 4, 1);
        work(exchanges[i], 1, 0, 1); /* without a link it is whole */
        assert_false(is_there(OUT "/checkpoint-3-0.safetensors"));
        work(exchanges[i], 1, 2, 2);
        work(exchanges[i], 1, 0, -1);
        has_expected_model(exchanges[i]);
    }
}

/* Fields of a checkpoint but those of time, as a trace has a point for each step. */
static int is_of_time(const char *name)
{
    return strstr(name, "seconds") || strcmp(name, "run.sums") == 0 || strncmp(name, "trace.", 6) == 0;
}

static const tw__stored_field *find(const tw__stored *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->fields[i].form.name, name) == 0) return &s->fields[i];
    fail_msg("there is no %s", name);
    return NULL;
}

/* The checkpoints in OUT and OTHER are the same, field by field. */
static void same_fields(const char *exchange)
{
    tw_context *ctx = context(1);
    tw__stored a, b;
    tw_error err;
    size_t bytes, cut = 0;
    if (tw__stored_open(&a, ctx, OUT "/checkpoint.safetensors", "run", &err) != TW_OK ||
        tw__stored_open(&b, ctx, OTHER "/checkpoint.safetensors", "run", &err) != TW_OK ||
        tw__stored_take(&a, &err) != TW_OK || tw__stored_take(&b, &err) != TW_OK)
        fail_msg("%s", err.message);
    assert_int_equal(a.n, b.n);
    assert_int_equal(b.n_parts, 0);
    for (size_t i = 0; i < a.n; i++) {
        const tw__tensor_entry *of = &a.fields[i].form;
        const tw__stored_field *other = find(&b, of->name);
        assert_true(tw__tensor_bytes(of, &bytes) && other->form.type == of->type &&
                    other->form.rank == of->rank);
        if (is_of_time(of->name)) continue;
        if (memcmp(of->shape, other->form.shape, sizeof of->shape) != 0)
            fail_msg("%s: %s has another shape", exchange, of->name);
        char *one = malloc(bytes + 1), *two = malloc(bytes + 1);
        tw__stored_copy(&a, &a.fields[i], one);
        tw__stored_copy(&b, other, two);
        if (memcmp(one, two, bytes) != 0) fail_msg("%s: %s differs", exchange, of->name);
        cut += a.fields[i].n_pieces > 1;
        free(one);
        free(two);
    }
    assert_true(a.n_parts > 1 && a.number == 1);
    if (strstr(exchange, "reduce") || strstr(exchange, "sharded")) assert_true(cut > 2);
    tw__stored_free(&a);
    tw__stored_free(&b);
    tw_context_free(ctx);
}

static void parts_are_the_whole(void **state)
{
    static const char *const exchanges[] = {"sharded",           "allreduce:wire=topk,keep=0.1",
                                            "sharded:wire=2bit", "average:every=2",
                                            "easgd:every=2",     "diloco:every=2,outer=\"adam:lr=0.01\""};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        char whole[100], parts[100];
        snprintf(whole, sizeof whole, "mpi+%s", exchanges[i]);
        snprintf(parts, sizeof parts, "mpi:parts=1+%s", exchanges[i]);
        expect_model_of(whole, 3);
        work(whole, 0, 3, 3);
        clear(OTHER);
        assert_int_equal(rename(OUT, OTHER), 0);
        work(parts, 0, 3, 3);
        same_fields(parts);
        work(parts, 1, 3, 2);
        work(parts, 1, 3, -1);
        has_expected_model(parts);
    }
}

/* What comes of these depends on who was first: they end, from any checkpoint. */
static void without_waiting(void **state)
{
    static const char *const exchanges[] = {"mpi:parts=1+ps:sync=asp,servers=3",
                                            "mpi:parts=1+ps:sync=ssp,staleness=1,servers=2",
                                            "mpi:dedicated=2,parts=1+ps:sync=asp,servers=2",
                                            "mpi:parts=1+downpour:push=2,fetch=3,servers=2",
                                            "mpi:parts=1+easgd:every=2,sync=0"};
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        work(exchanges[i], 0, 3, 2);
        assert_true(is_there(OUT "/checkpoint-1-0.safetensors"));
        assert_true(is_there(OUT "/checkpoint-1-1.safetensors"));
        work(exchanges[i], 1, 3, 2);
        work(exchanges[i], 1, 3, -1);
        assert_true(is_there(OUT "/model.safetensors"));
        assert_false(is_there(OUT "/checkpoint-2-0.safetensors"));
    }
}

/* ---- what goes over the wire --------------------------------------------------------------------------- */

static size_t bytes_sent(const char *exchange, const char *out)
{
    process p[2] = {{.n_opened = 0}};
    clear(OUT);
    for (size_t i = 0; i < 2; i++) {
        p[i].o = options(exchange);
        p[i].o.out = out;
        p[i].o.run.epochs = EPOCHS;
    }
    const size_t n = be_all(p, 2);
    for (size_t i = 0; i < 2; i++)
        if (p[i].status != TW_OK) fail_msg("%s", p[i].err.message);
    return n;
}

/* Each checkpoint asks the other process once for its weights and the two slots of each. */
static void bytes_of_a_checkpoint(void **state)
{
    (void)state;
    const size_t state_bytes = 3 * 4 * (64 * 120 + 120 + 120 * 60 + 60 + 60 * 10 + 10 + 10 * 3 + 3),
                 none = bytes_sent("mpi+average:every=100", NULL),
                 whole = bytes_sent("mpi+average:every=100", OUT),
                 parts = bytes_sent("mpi:parts=1+average:every=100", OUT);
    assert_in_range(whole - none, EPOCHS * state_bytes, (EPOCHS + 1) * state_bytes);
    assert_in_range(parts - none, EPOCHS, state_bytes / 2);
}

/* ---- what fails ---------------------------------------------------------------------------------------- */

/* Two processes save after every step; rank `who` fails as it says. */
static void fail_once(process p[2], size_t who)
{
    const process how = p[who];
    clear(OUT);
    for (size_t i = 0; i < 2; i++) {
        p[i] = (process){.looks_left = -1, .o = options("mpi:timeout=10,parts=1+sharded")};
        p[i].o.checkpoint_every = 1;
        p[i].o.run.epochs = 1;
        p[i].o.limit = 48; /* 4 steps */
        compare_every(&p[i], 1);
    }
    p[who].fails_after_step = how.fails_after_step;
    p[who].fail_step = how.fail_step;
    p[who].fail_allocation = how.fail_allocation;
    p[who].loses_files = how.loses_files;
    be_all(p, 2);
}

/* Whatever there is continues, without faults and in one process, to the same model. */
static void continues_after(const process p[2], size_t who, const char *what, long at)
{
    static const tw_status right[] = {TW_ERR_SYSTEM, TW_ERR_MEMORY};
    const int in_memory = p[who].fail_allocation > 0;
    const tw_status s = p[who].status;
    if (s != TW_OK && s != right[in_memory] && !p[who].loses_files)
        fail_msg("%s of rank %zu, failure %ld: %s: %s", what, who, at, tw_status_name(s), p[who].err.message);
    if (s != TW_OK && p[1 - who].status != s && (who == 1 || p[1].status != TW_OK)) /* rank 0 ends the run */
        fail_msg("%s of rank %zu, failure %ld: %s, of the other %s: %s", what, who, at, tw_status_name(s),
                 tw_status_name(p[1 - who].status), p[1 - who].err.message);
    if (p[0].status != TW_OK) work("", 1, 0, -1);
    has_expected_model(what);
}

/* Rank 0 in its second save; the other one in whatever it does for that, and before the next. Of
 * allocations one in in_some fails, as links sleep for most of the time; with the argument `every` all. */
static long in_some = 5;
static long fails_everywhere(size_t who, int in_memory, long first, long end, const char *what)
{
    long failed = 0;
    for (long at = first; at < end; at += in_memory ? in_some : 1) {
        process p[2] = {{.n_opened = 0}};
        if (who == 0) p[who].fails_after_step = 2;
        if (in_memory) p[who].fail_allocation = at;
        else p[who].fail_step = at;
        fail_once(p, who);
        failed += p[who].status != TW_OK;
        continues_after(p, who, what, at);
    }
    return failed;
}

static void whoever_fails(void **state)
{
    enum { SAVES = 4, BEFORE = 70 }; /* allocations of the other one before it opens its file */
    process p[2] = {{.n_opened = 0}};
    (void)state;
    fail_once(p, 0);
    for (size_t i = 0; i < 2; i++)
        if (p[i].status != TW_OK) fail_msg("%s", p[i].err.message);
    n_expected = read_file(OUT "/model.safetensors", expected, sizeof expected);
    assert_int_equal(p[1].n_opened, SAVES);
    const long each = p[1].f.steps / SAVES;
    assert_true(fails_everywhere(0, 0, 1, p[0].steps_until - p[0].steps_at + 1, "files") > 15);
    assert_true(fails_everywhere(0, 1, 1, p[0].allocations_until - p[0].allocations_at + 1, "memory") >
                60 / in_some);
    assert_int_equal(fails_everywhere(1, 0, each + 1, 2 * each + 1, "files"), each);
    assert_true(fails_everywhere(1, 1, p[1].opened[1] - BEFORE, p[1].opened[2] - BEFORE, "memory") >
                40 / in_some);
}

/* The message says who it was. */
static void what_is_said(void **state)
{
    process p[2] = {{.n_opened = 0}};
    (void)state;
    p[1].fail_step = 1;
    fail_once(p, 1);
    assert_string_equal(p[1].err.message,
                        "cannot write " OUT "/checkpoint-1-1.safetensors: Permission denied");
    assert_string_equal(p[0].err.message, "rank 1 on east has failed: cannot write " OUT
                                          "/checkpoint-1-1.safetensors: Permission denied");
    p[1] = (process){.loses_files = 1};
    fail_once(p, 1);
    assert_int_equal(p[0].status, TW_ERR_SPEC);
    assert_string_equal(p[0].err.message,
                        OUT "/checkpoint-1-1.safetensors, which rank 1 on east has written, is not here: "
                            "parts=1 needs a directory that all processes share (leave it out)");
    continues_after(p, 1, "lost files", 1);
}

/* Of all processes and of one. */
static void refused_without_a_part(void **state)
{
    static const char part[] = OUT "/checkpoint-1-1.safetensors";
    process p[2] = {{.n_opened = 0}};
    (void)state;
    work("mpi:parts=1+sharded", 0, 2, 2);
    const size_t n = read_file(part, found, sizeof found);
    assert_true(n > 1000 && n < sizeof found);
    for (size_t ranks = 0; ranks <= 2; ranks += 2)
        for (int is_cut = 0; is_cut < 2; is_cut++) {
            if (is_cut) write_file(part, found, n - 1000);
            else remove(part);
            for (size_t i = 0; i < 2; i++)
                p[i] = (process){.o = TW_JOB_OPTIONS_INIT, .resumes = OUT, .looks_left = -1};
            be_all(p, ranks);
            assert_int_equal(p[0].status, TW_ERR_DATA);
            if (!strstr(p[0].err.message, "checkpoint-1-1.safetensors: ") ||
                !strstr(p[0].err.message, "restore that file"))
                fail_msg("%s", p[0].err.message);
        }
    write_file(part, found, n);
    work("", 1, 0, -1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_number_continues),
                                       cmocka_unit_test(parts_are_the_whole),
                                       cmocka_unit_test(without_waiting),
                                       cmocka_unit_test(bytes_of_a_checkpoint),
                                       cmocka_unit_test(whoever_fails),
                                       cmocka_unit_test(what_is_said),
                                       cmocka_unit_test(refused_without_a_part)};
    if (argc > 1 && strcmp(argv[1], "every") == 0) in_some = 1;
    if (!small_data(DATA, 130, 30)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
