/* A race's folder that somebody changed: every number in it is checked, what differs from what the race and
 * its data give is named, and nothing of it is continued or joined.
 * SPDX-License-Identifier: MIT */
#include "race_db.h"

#define DIRECTORY TW_BINARY_DIR "/test_race_refused.data"
static const char data[] = DIRECTORY "/small", changed[] = DIRECTORY "/changed";

static int make_data(void **state)
{
    (void)state;
    if (system("rm -rf '" DIRECTORY "'") != 0) return 1; /* what a killed test has left */
    mkdir(DIRECTORY, 0777);
    mkdir(changed, 0777);
    return !small_data(data, 90, 30);
}

/* Of another race with the same seeds, on other data: its numbers would fit. */
static void a_result_of_another_race_is_refused(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/mine", other[] = DIRECTORY "/theirs";
    tw_context *ctx = context(1);
    assert_true(small_data(changed, 60, 20));
    tw_race_options o = races_kept(data, directory, "sgd"), p = races_kept(data, other, "sgd");
    p.job.data = changed;
    tw_race_free(races_run(races_created(ctx, &o)));
    tw_race_free(races_run(races_created(ctx, &p)));
    run_sql(directory,
            "ATTACH '" DIRECTORY "/theirs/race.db' AS o;"
            "UPDATE run SET (result, race) = (SELECT result, race FROM o.run WHERE id = 2) WHERE id = 2");
    refuse_resume(directory, TW_ERR_DATA, "the result of run 2 is of another race");
    run_sql(directory, "UPDATE run SET race = NULL WHERE id = 1");
    refuse_resume(directory, TW_ERR_DATA, "the result of run 1 is of another race");
    run_sql_unsummed(other, "UPDATE race SET description = json_set(description, '$.asked.dtype', 'f64')");
    refuse_resume(other, TW_ERR_DATA, "the result of run 1 is of another race");
    tw_context_free(ctx);
}

static void what_is_wrong_in_it_is_said(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/wrong";
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"UPDATE run SET result = '{' WHERE id = 2", "/wrong/race.db: run 2: "},
        {"UPDATE run SET result = json_set(result, '$.seed', 7) WHERE id = 1",
         "run 1: it is no result of a run with seed 0"},
        {"UPDATE run SET result = json_set(result, '$.status', 'done') WHERE id = 1",
         "run 1: unknown status \"done\""},
        {"UPDATE run SET result = json_set(result, '$.steps', -1) WHERE id = 1",
         "run 1: steps = -1 is not a whole number of at least 0"},
        {"UPDATE run SET result = json_remove(result, '$.seconds') WHERE id = 2",
         "run 2: \"seconds\" is missing"},
        {"UPDATE race SET description = json_remove(description, '$.asked.val')",
         "what the race is: \"val\" is missing"},
        {"UPDATE race SET description = json_remove(description, '$.found.schedule')",
         "what was found of the race: \"schedule\" is missing"},
        {"UPDATE race SET description = json_remove(description, '$.found.network')",
         "what was found of the race: \"network\" is missing"},
        {"UPDATE race SET description = json_set(description, '$.found.racers[0]', 1)",
         "what was found of the race: racers[0]: \"batch\" is missing"},
        {"UPDATE run SET result = json_set(result, '$.trace.loss', json('[1]')) WHERE id = 1",
         "run 1: a trace's lists differ in their lengths"},
        {"UPDATE race SET description = 'x'", "what the race is: "},
        {"UPDATE race SET description = json_set(description, '$.asked.optimizers', 'adm')",
         "what the race is: unknown rule \"adm\""},
        {"UPDATE race SET description = json_set(description, '$.asked.seeds', -1)",
         "what the race is: seeds = -1 is not a whole number"},
        {"UPDATE race SET description = json_set(description, '$.asked.seeds', 3)",
         "it has 2 runs for 1 optimizers and 3 seeds"},
        {"INSERT INTO run VALUES (3, 'race', 'sgd', NULL, 3, '{}', NULL)",
         "it has 3 runs for 1 optimizers and 2 seeds"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_race_options o = races_kept(data, directory, "sgd");
        tw_race_free(races_run(races_created(ctx, &o)));
        run_sql_unsummed(directory, cases[i].sql);
        refuse_resume(directory, TW_ERR_DATA, cases[i].message);
    }
    tw_context_free(ctx);
}

/* Whatever was changed in it; without the checksum, as of an earlier version, it is taken. */
static void what_was_changed_is_refused(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/changed-race";
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"UPDATE run SET result = json_set(result, '$.gradients', 7) WHERE id = 2",
         "/race.db: run 2: it was changed"},
        {"UPDATE run SET result = json_set(result, '$.epochs[1].loss', 0.5) WHERE id = 1",
         "run 1: it was changed"},
        {"UPDATE run SET result = json_remove(result, '$.test') WHERE id = 1",
         "run 1: it was changed or damaged"},
        {"UPDATE race SET description = json_set(description, '$.found.weights', 7)",
         "what the race is: it was changed or damaged: its checksum does not fit its content"},
    };
    tw_context *ctx = context(1);
    tw_race_options o = races_kept(data, directory, "sgd");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_race_free(races_run(races_created(ctx, &o)));
        run_sql(directory, cases[i].sql);
        refuse_resume(directory, TW_ERR_DATA, cases[i].message);
        refuse_join(directory, directory, TW_ERR_DATA, cases[i].message);
    }
    tw_race_free(races_run(races_created(ctx, &o)));
    run_sql_unsummed(directory, cases[0].sql);
    tw_race_free(races_run(races_resumed(ctx, directory)));
    tw_context_free(ctx);
}

static void set_json(const char *directory, const char *column, const char *path, const char *value)
{
    char sql[300];
    const int of_race = strcmp(column, "description") == 0;
    snprintf(sql, sizeof sql, "UPDATE %s SET %s = json_set(%s, '$.%s', json('%s'))%s",
             of_race ? "race" : "run", column, column, path, value, of_race ? "" : " WHERE id = 1");
    run_sql_unsummed(directory, sql);
}

/* Every number of a race.db as none that was ever written: it is named, whether runs are left to be made or
 * not. */
static void every_number_is_checked(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/numbers";
    static const struct {
        const char *column, *path, *key;
        int least; /* -1: any number */
    } numbers[] = {
        {"description", "found.racers[0].batch", "racers[0]: batch", 0},
        {"description", "found.racers[0].steps_per_epoch", "racers[0]: steps_per_epoch", 1},
        {"description", "found.racers[1].batch", "racers[1]: batch", 0},
        {"description", "found.racers[1].steps_per_epoch", "racers[1]: steps_per_epoch", 1},
        {"description", "found.seeds[1]", "seeds", 1},
        {"description", "found.rows[0]", "rows", 0},
        {"description", "found.rows[2]", "rows", 0},
        {"description", "found.weights", "weights", 1},
        {"description", "found.batch", "batch", 0},
        {"description", "found.steps_per_epoch", "steps_per_epoch", 1},
        {"result", "steps", "steps", 0},
        {"result", "gradients", "gradients", 0},
        {"result", "seconds", "seconds", -1},
        {"result", "skipped", "skipped", 0},
        {"result", "epochs[1].epoch", "epochs[1]: epoch", 2},
        {"result", "epochs[0].loss", "epochs[0]: loss", -1},
        {"result", "epochs[0].val_accuracy", "epochs[0]: val_accuracy", -1},
        {"result", "test.loss", "loss", -1},
        {"result", "trace.steps[0]", "trace[0]: steps", 0},
        {"result", "trace.gradients[1]", "trace[1]: gradients", 0},
        {"result", "trace.loss[1]", "trace[1]: loss", -1},
    };
    static const char *const values[] = {"\"x\"", "[]", "{}", "true", "-1", "0.5", "1e308", "null", "0"};
    enum { OF_REALS = 4, VALUES = sizeof values / sizeof values[0] };
    char message[80];
    tw_context *ctx = context(1);
    tw_race_options o = races_kept(data, directory, "sgd adam");
    tw_race_free(races_run(races_created(ctx, &o)));
    assert_int_equal(system("cp '" DIRECTORY "/numbers/race.db' '" DIRECTORY "/saved'"), 0);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        for (int k = 0; k < (numbers[i].least < 0 ? OF_REALS : numbers[i].least ? VALUES : VALUES - 1); k++)
            for (int unfinished = 0; unfinished < 2; unfinished++) {
                assert_int_equal(system("cp '" DIRECTORY "/saved' '" DIRECTORY "/numbers/race.db'"), 0);
                set_json(directory, numbers[i].column, numbers[i].path, values[k]);
                if (unfinished) run_sql(directory, "UPDATE run SET result = NULL WHERE id > 1");
                snprintf(message, sizeof message, "%s = %s", numbers[i].key, k == 6 ? "1" : values[k]);
                refuse_resume(directory, TW_ERR_DATA, message);
            }
    tw_context_free(ctx);
}

/* What a race found with its data, as other data would have given it. */
static void what_was_found_is_found_again(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/found";
    static const char *const paths[] =
        {"racers[1].steps_per_epoch", "racers[0].batch", "rows[0]", "weights", "batch", "steps_per_epoch"};
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char path[60];
        tw_race_options o = races_kept(data, directory, "sgd adam");
        tw_race_free(races_created(ctx, &o));
        snprintf(path, sizeof path, "found.%s", paths[i]);
        set_json(directory, "description", path, "9223372036854775807");
        refuse_resume(directory, TW_ERR_DATA, "but its options and data give ");
    }
    tw_context_free(ctx);
}

/* No race has so many runs, and none takes the memory for them. */
static void a_race_has_an_end(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/many";
    static char optimizers[20000];
    size_t n = 0;
    tw_error err = {0};
    tw_race *race;
    tw_context *ctx = context(1);
    tw_race_options o = races_kept(data, directory, "sgd");
    tw_race_free(races_created(ctx, &o));
    set_json(directory, "description", "asked.seeds", "10000");
    refuse_resume(directory, TW_ERR_DATA, "it has 2 runs for 1 optimizers and 10000 seeds");
    for (int i = 1; i <= 1001; i++)
        n += (size_t)snprintf(optimizers + n, sizeof optimizers - n, "adam:lr=%d ", i);
    o.optimizers = optimizers;
    assert_int_equal(tw_race_create(&race, ctx, &o, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "1001 optimizers and 2002 runs are more than the 1000 and 100000"));
    o.seeds = 10000;
    assert_int_equal(tw_race_create(&race, ctx, &o, &err), TW_ERR_SPEC);
    assert_non_null(strstr(err.message, "11 optimizers and 110000 runs are more than"));
    tw_context_free(ctx);
}

/* A run on a surface is its path, which every number comes from. */
static void a_path_is_whole(void **state)
{
    (void)state;
    static const char directory[] = DIRECTORY "/path";
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"UPDATE run SET result = json_remove(result, '$.path') WHERE id = 1", "run 1: it has no path"},
        {"UPDATE run SET result = json_set(result, '$.path', json('{\"x\": [], \"y\": [], \"value\": []}')) WHERE id = 3",
         "run 3: it has no path"},
        {"UPDATE run SET result = json_set(result, '$.path.y', json('[1]')) WHERE id = 1",
         "run 1: a path's lists differ in their lengths"},
        {"UPDATE run SET result = json_set(result, '$.path.value[2]', 'high') WHERE id = 2",
         "run 2: not all of a path is numbers"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tw_race_options o = races_on_surface("bowl", "sgd");
        o.steps = 5;
        o.tune = 2;
        o.job.out = directory;
        o.job.force = 1;
        tw_race_free(races_run(races_created(ctx, &o)));
        run_sql_unsummed(directory, cases[i].sql);
        refuse_resume(directory, TW_ERR_DATA, cases[i].message);
    }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_of_another_race_is_refused),
        cmocka_unit_test(what_is_wrong_in_it_is_said),
        cmocka_unit_test(what_was_changed_is_refused),
        cmocka_unit_test(every_number_is_checked),
        cmocka_unit_test(what_was_found_is_found_again),
        cmocka_unit_test(a_race_has_an_end),
        cmocka_unit_test(a_path_is_whole),
    };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
