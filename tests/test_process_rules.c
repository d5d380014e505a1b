/* Every rule in several processes, here threads with a link over memory, in each exchange that has the bits
 * of one process. Without an argument three rules of each kind; test_process_rules whole (./check --long):
 * all.
 * SPDX-License-Identifier: MIT */
#include "process_runs.h"

static int is_whole;

/* Rules of kinds that an exchange cannot have are refused with these words. */
static const struct {
    const char *exchange;
    size_t processes;
    const char *refused[3];
} exchanges[] = {{"mpi+allreduce", 3, {NULL}},
                 {"mpi+sharded", 2, {"looks at whole matrices", NULL}},
                 {"mpi+ps:sync=bsp", 2, {NULL}},
                 {"mpi+ps:sync=bsp,servers=3", 2, {NULL}},
                 {"mpi+grid:2x2", 4, {"looks at whole tensors", "draws noise", NULL}}};

/* The rules have at least one of each kind, of which the first few will do. */
static int is_tried(const tw_rule *rule, size_t of_kind[3])
{
    enum { FEW = 3 };
    return of_kind[rule->kind]++ < FEW || is_whole;
}

static void bits_of_one_process(size_t e)
{
    static const char model[] = "flatten; dense 64 relu; dropout 0.2; dense 34 tanh; dense 3 softmax";
    const tw_rule *rule;
    size_t of_kind[3] = {0}, same = 0, refused = 0;
    for (size_t i = 0; (rule = tw_rule_at(i)) != NULL; i++) {
        worker_run r = {.rows = networks_data,
                        .model = model,
                        .classes = 3,
                        .n_rows = 60,
                        .type = i % 3 ? TW_F32 : TW_F64,
                        .o = {.optimizer = rule->name, .epochs = 2}};
        if (strcmp(rule->name, "rprop") == 0) r.o.estimator = "full";
        if (!is_tried(rule, of_kind)) continue;
        const int is_refused =
            exchanges[e].refused[0] &&
            process_refusal(&r, exchanges[e].exchange, exchanges[e].processes, exchanges[e].refused);
        refused += is_refused;
        if (is_refused) continue;
        same_as(&r, exchanges[e].exchange, exchanges[e].processes, "local");
        same++;
    }
    for (int k = 0; k < 3; k++) assert_true(of_kind[k] > 0);
    assert_true(same >= 3 && (refused > 0) == (exchanges[e].refused[0] != NULL));
}

static void allreduce(void **state) { (void)state, bits_of_one_process(0); }
static void sharded(void **state) { (void)state, bits_of_one_process(1); }
static void server(void **state) { (void)state, bits_of_one_process(2); }
static void servers(void **state) { (void)state, bits_of_one_process(3); }
static void grid(void **state) { (void)state, bits_of_one_process(4); }

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(allreduce), cmocka_unit_test(sharded),
                                       cmocka_unit_test(server), cmocka_unit_test(servers),
                                       cmocka_unit_test(grid)};
    is_whole = argc > 1 && strcmp(argv[1], "whole") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
