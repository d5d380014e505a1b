/* A model split among processes, here threads with a link over memory: the bits of one process.
 * SPDX-License-Identifier: MIT */
#include "process_runs.h"

static const char dense[] = "flatten; dense 150 relu; dropout 0.2; dense 70 tanh; dense 3 softmax",
                  wide[] = "flatten; dense 160 relu; dense 130 gelu; dense 64 sigmoid; dense 3 softmax";

static worker_run run_of(const char *model)
{
    return (worker_run){.rows = networks_data, .model = model, .classes = 3, .n_rows = 100};
}

/* Every rule, and some chains. */
static void rules(void **state)
{
    static const char *const words[] = {"looks at whole tensors", "draws noise", NULL},
                             *const chains[] = {"nadam@torch", "adam+ema", "clip_value:max=0.1+nag",
                                                "momentum:nesterov=1", "schedule-free-adamw"};
    size_t refused = 0, n_rules = 0;
    (void)state;
    while (tw_rule_at(n_rules)) n_rules++;
    for (size_t i = 0; i < n_rules + sizeof chains / sizeof chains[0]; i++) {
        worker_run r = run_of(i % 2 ? dense : wide);
        r.o.optimizer = i < n_rules ? tw_rule_at(i)->name : chains[i - n_rules];
        r.o.estimator = strcmp(r.o.optimizer, "rprop") == 0 ? "full" : NULL;
        r.n_rows = 60;
        r.o.epochs = 2;
        r.type = i % 3 ? TW_F32 : TW_F64;
        if (process_refusal(&r, "mpi+split", 2, words)) refused++;
        else same_as(&r, "mpi+split", 2, "local");
    }
    assert_true(refused > 2 && refused < n_rules / 2);
}

/* With adam: so many rows in batches, in n processes. */
static void splits(const char *model, tw_type type, uint64_t rows, uint64_t batch, size_t n)
{
    worker_run r = run_of(model);
    r.type = type;
    r.n_rows = rows;
    r.o.batch = batch;
    r.o.optimizer = "adam:lr=0.01";
    same_as(&r, "mpi+split", n, "local");
}

/* Uneven widths, and more processes than some layers have units for. */
static void processes(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MEMORY_MOST; n++)
        for (uint64_t batch = 1; batch <= 300; batch = batch * 6 + 3)
            splits(n % 2 ? dense : wide, TW_F64, 160, batch, n);
}

/* Leaves of more than 8 rows, several of which go through wide layers together. */
static void long_leaves(void **state)
{
    (void)state;
    for (uint64_t batch = 520; batch <= 1300; batch += 650) {
        worker_run r = run_of(wide);
        r.n_rows = 1300;
        r.o.batch = batch;
        r.o.epochs = 1;
        r.type = TW_F32;
        same_as(&r, "mpi+split", 3, "local");
    }
}

static void layers(void **state)
{
    static const char *const models[] = {
        "flatten; dense 40; batchnorm; relu; dense 64; layernorm; tanh; dense 3 softmax",
        "flatten; dense 64 relu; residual(dense 64 relu; dense 64); relu; dense 3 softmax",
        "flatten; dense:max_norm=0.5 48 relu; dense 3 softmax",
        "conv2d 4 3x3 relu; maxpool2d 2x2; flatten; dense 70 relu; dense 3 softmax",
    };
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) splits(models[i], TW_F64, 100, 40, 2);
}

/* Convolutions whose input has a gradient: fused with pooling or not, with zeros around, with strides, of
 * sequences; pieces with fewer rows than there are processes. */
static void convolutions(void **state)
{
    static const char *const models[] = {
        "conv2d 48 3x3 relu; maxpool2d 2x2; flatten; dense 70 relu; dense 3 softmax",
        "conv2d 4 3x3 padding=same relu; conv2d 64 3x3 padding=same relu; maxpool2d 2x2; flatten; dense 3 softmax",
        "conv2d 64 2x2 padding=same tanh; conv2d 80 3x3 padding=1; avgpool2d 2x2; flatten; dense 3 softmax",
        "conv2d 4 3x3 padding=same; conv2d 70 3x3 stride=2; relu; flatten; dense 3 softmax",
        "conv2d 4 3x3; batchnorm; relu; conv2d 64 2x2; batchnorm; relu; maxpool2d 2x2; flatten; dense 3 softmax",
        "conv2d 4 3x3 padding=same; residual(conv2d 64 3x3 padding=same relu; conv2d 4 3x3 padding=same); flatten; dense 3 softmax",
        "conv2d 4 3x3 padding=same; conv2d 64 3x3 padding=same groups=2 relu; conv2d 64 1x1; globalavgpool; dense 3 softmax",
    };
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        splits(models[i], i % 2 ? TW_F64 : TW_F32, 44, 21, 2 + i % 3);
    worker_run sequence = {.rows = networks_sequence,
                           .model =
                               "embedding 5 8; conv1d 64 3 padding=same relu; dense 64 tanh; dense 5 softmax",
                           .classes = 5,
                           .n_rows = 60};
    same_as(&sequence, "mpi+split", 2, "local");
    worker_run grid = run_of(models[1]);
    grid.n_rows = 50;
    same_as(&grid, "mpi+grid:2x2", 4, "local");
}

static void grids(void **state)
{
    (void)state;
    for (uint64_t batch = 1; batch <= 300; batch = batch * 6 + 3) {
        worker_run r = run_of(dense);
        r.o.batch = batch;
        r.n_rows = 160;
        r.o.optimizer = "adam:lr=0.01";
        same_as(&r, "mpi+grid:2x2", 4, "local");
        same_as(&r, "mpi+grid:1x3", 3, "local");
    }
}

/* A rate that a control of rank 0 lowers. */
static void controls(void **state)
{
    worker_run r = run_of(wide);
    (void)state;
    r.o.control = "plateau:metric=loss,patience=1,threshold=0.9";
    r.o.epochs = 6;
    same_as(&r, "mpi+split:2", 2, "local");
}

static void refused(void **state)
{
    static const struct {
        const char *exchange, *words;
        size_t n;
        const char *model;
    } cases[] = {
        {"split:2",
         "2 slices of 1 copy of the model are for 2 processes (mpirun -n 2), and there is 1 process", 1,
         wide},
        {"threads:workers=2+split", "a model is split among processes, on mpi alone", 1, wide},
        {"mpi+split:3", "3 slices of 1 copy of the model are for 3 processes (mpirun -n 3), and there are 2",
         2, wide},
        {"mpi+grid:2x2", "2 slices of 2 copies of the model are for 4 processes", 2, wide},
        {"mpi+grid", "a grid has its size, as in grid:2x2", 2, wide},
        {"mpi+grid:2", "\"grid:2\": write grid:2x2", 2, wide},
        {"mpi+split:2x2", "\"split:2x2\": write split:2", 2, wide},
        {"mpi:parts=1+split", "parts are ranges of the weights, and split has slices of layers", 2, wide},
        {"mpi+split:2,wire=bf16", "has no option \"wire\"", 2, wide},
        {"mpi+split", "no layer of the network can be split among 2 processes", 2,
         "flatten; dense 31 relu; dense 3 softmax"},
        {"mpi+split", "l1 and l2 of layers are sums", 2, "flatten; dense 64 l2=0.1 relu; dense 3 softmax"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const words[] = {cases[i].words, NULL};
        worker_run r = run_of(cases[i].model);
        if (cases[i].n == 1) worker_refused(&r, cases[i].exchange, cases[i].words);
        else assert_non_null(process_refusal(&r, cases[i].exchange, cases[i].n, words));
    }
    worker_run linear = {.rows = worker_sparse, .model = "logistic", .classes = 2};
    const char *const words[] = {"no layers that could be split", NULL};
    assert_non_null(process_refusal(&linear, "mpi+split", 2, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules),       cmocka_unit_test(processes),
                                       cmocka_unit_test(long_leaves), cmocka_unit_test(layers),
                                       cmocka_unit_test(grids),       cmocka_unit_test(convolutions),
                                       cmocka_unit_test(controls),    cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
