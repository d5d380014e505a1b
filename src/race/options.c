/* A race's options: the table of what decides it (its own rows, then those that every run of it has),
 * defaults and checks.
 * SPDX-License-Identifier: MIT */
#include "race/race.h"
#include "train/options.h"
#include <string.h>

#define AT(member) offsetof(tw_race_options, member)
static const char usual_optimizers[] = "sgd momentum nag adagrad adadelta rmsprop adam nadam",
                  usual_model[] = "mlp";
enum { USUAL_EPOCHS = 3, USUAL_STEPS = 300, USUAL_SEEDS = 3 };

static const tw_field own[] = {
    {"surface", "surface", TW_FIELD_TEXT, AT(surface), NULL, NULL, 0, 0, 0, "SURFACE",
     "in place of DATA and a model: a function of two variables (thalweg surfaces)"},
    {"optimizers", "optimizers", TW_FIELD_TEXT, AT(optimizers), usual_optimizers, NULL, 0, 0, 0, "\"A B C\"",
     "update rules, separated by spaces (thalweg rules); an estimator's name, e.g. saga, means --estimator saga with the rule sgd, a "
     "solver's, e.g. newton, that solver for --epochs iterations; with an exchange of its own: \"sgd|ps:sync=asp,workers=4\""},
    {"seeds", "seeds", TW_FIELD_NATURAL, AT(seeds), "3; on a surface 1", NULL, 1, TW__MOST_SEEDS, 0, "N",
     "runs of each, with seeds S, S + 1, ..."},
    {"tune", "tune", TW_FIELD_NATURAL, AT(tune), NULL, NULL, 1, TW__MOST_TRIALS, TW_FIELD_IF_SET, "N",
     "first try N learning rates of each, in its rule's own range, then race the best; with --cv on a fold that is cut by another seed"},
    {"tune_range", "tune-range", TW_FIELD_TEXT, AT(tune_range), NULL, NULL, 0, 0, TW_FIELD_IF_SET, "LO,HI",
     "with --tune: the range of learning rates for every optimizer"},
    {"steps", "steps", TW_FIELD_NATURAL, AT(steps), "300", NULL, 1, TW__MOST_STEPS, 0, "N",
     "on a surface, in place of epochs: steps"},
};
enum { N_OWN = sizeof own / sizeof own[0] };

/* What differs from the row of a single run. NULL: nothing. */
static const struct difference {
    const char *of, *name, *usual, *help;
} differences[] = {
    {"model", NULL, usual_model,
     "a name (thalweg models), e.g. logistic:l2=1e-4, or a network, e.g. \"flatten; dense 128 relu; dense classes softmax\""},
    {"cv", NULL, NULL,
     "a run of each on all rows but those of one of K folds, validated on these, in place of --seeds and --val: means and standard "
     "errors over the folds, which are the same for all; classes are spread evenly, groups (--group-by) stay whole"},
    {"epochs", NULL, "3", NULL},
    {"val", NULL, "0.1", NULL},
    {"seed", "first_seed", NULL, "the first seed"},
    {"dtype", NULL, "f32; on a surface f64", NULL},
    {"target", NULL, NULL,
     "end each run when reached, e.g. val_accuracy=0.98, checked after each epoch, and every --eval-every STEPS; on a surface value=0.1, checked after every step"},
    {"out", NULL, NULL, "the race's folder, with race.json and report.html (default: out/TIME-MODEL-race)"},
    {"force", NULL, NULL, "replace an existing race"},
};

static void adapt(tw_field *f)
{
    f->offset += AT(job);
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        const struct difference *d = &differences[i];
        if (strcmp(d->of, f->name) != 0) continue;
        if (d->name) f->name = d->name;
        if (d->usual) f->usual = d->usual;
        if (d->help) f->help = d->help;
        return;
    }
}

int tw_race_fields(size_t i, tw_field *out)
{
    if (i < N_OWN) {
        *out = own[i];
        return 1;
    }
    size_t raced = N_OWN;
    for (size_t k = 0; tw_job_fields(k, out); k++) {
        if (!(out->traits & TW_FIELD_RACED) || raced++ != i) continue;
        adapt(out);
        return 1;
    }
    return 0;
}

/* ---- defaults ------------------------------------------------------------------------------------------ */

tw_status tw__race_copy_options(tw_race *race, const tw_race_options *given, tw_error *err)
{
    tw_race_options *o = &race->o;
    *o = *given;
    if (!o->optimizers) o->optimizers = usual_optimizers;
    if (o->job.cv) o->seeds = o->job.cv;
    if (o->job.cv) o->job.val = 0; /* TW_RACE_OPTIONS_INIT sets it */
    if (!o->seeds) o->seeds = o->surface ? 1 : USUAL_SEEDS;
    if (o->surface && !o->steps) o->steps = USUAL_STEPS;
    if (!o->surface && !o->job.model) o->job.model = usual_model;
    if (!o->surface && !o->job.run.epochs) o->job.run.epochs = USUAL_EPOCHS;
    return tw__fields_copy(tw_race_fields, o, race->ctx, err);
}

/* ---- checks -------------------------------------------------------------------------------------------- */

/* A run for each fold. */
static tw_status check_folds(const tw_race_options *o, tw_error *err)
{
    if (!o->job.cv) return TW_OK;
    if (o->seeds && o->seeds != o->job.cv)
        return tw__fail(err, TW_ERR_SPEC, "seeds = %llu cannot be combined with cv: each fold is a run",
                        (unsigned long long)o->seeds);
    if (o->job.cv <= TW__MOST_SEEDS) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "cv = %llu is above the %d runs that an optimizer can have",
                    (unsigned long long)o->job.cv, TW__MOST_SEEDS);
}

static tw_status check_seeds(const tw_race_options *o, tw_error *err)
{
    const uint64_t first = o->job.run.seed,
                   seeds = o->job.cv    ? o->job.cv
                           : o->seeds   ? o->seeds
                           : o->surface ? 1
                                        : USUAL_SEEDS,
                   last = first + (seeds - 1);
    if (last < first || last > INT64_MAX)
        return tw__fail(err, TW_ERR_SPEC, "seed %llu: the last of %llu seeds is above %lld",
                        (unsigned long long)first, (unsigned long long)seeds, (long long)INT64_MAX);
    if (o->tune && last == TW__TUNE_SEED)
        return tw__fail(err, TW_ERR_SPEC, "seed %llu is the one that learning rates are tried with (tune)",
                        (unsigned long long)last);
    return TW_OK;
}

tw_status tw__race_check_options(const tw_race_options *o, tw_error *err)
{
    tw_race_options on_surface = *o;
    on_surface.job.val = 0; /* TW_RACE_OPTIONS_INIT sets it */
    const char *odd =
        o->surface ? tw__fields_set(tw_race_fields, &on_surface, TW_FIELD_DATA_ONLY, TW_FIELD_DATA_ONLY)
                   : NULL;
    if (odd) return tw__fail(err, TW_ERR_SPEC, "%s cannot be used on a surface", odd);
    if (!o->surface && !o->job.data) return tw__fail(err, TW_ERR_SPEC, "a race needs data or a surface");
    if (!o->surface && o->steps)
        return tw__fail(err, TW_ERR_SPEC, "steps can be used on a surface only (on data there are epochs)");
    if (o->tune_range && !o->tune)
        return tw__fail(err, TW_ERR_SPEC, "tune_range = %.60s has no effect without tune", o->tune_range);
    TW_TRY(tw__fields_check(tw_race_fields, o, err));
    if ((odd = tw__fields_set(tw_job_fields, &o->job, TW_FIELD_RACED, 0)) != NULL)
        return tw__fail(err, TW_ERR_SPEC, "a race has no %s", odd);
    if (o->job.run.event || o->job.run.order || o->job.run.custom_rule)
        return tw__fail(err, TW_ERR_SPEC, "a race takes no event, order or rule for its runs");
    TW_TRY(check_folds(o, err));
    return check_seeds(o, err);
}
