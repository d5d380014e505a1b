/* admm: consensus by the alternating direction method of multipliers (Boyd et al. 2011, section 7.1.1). The
 * rows are cut into shards, one for each worker, which minimises the mean loss F_k of its rows with a pull
 * towards the common z; the server takes their mean and makes the proximal step of the penalties.
 *
 * With p_k the share of a shard's rows f = sum p_k F_k + g. In units of F_k a pull is rho / (n p_k), and the
 * proximal step has the length 1/rho, so that rho means the same for any number of workers.
 *
 * A worker takes `every` steps of the run's rule from where it is: not exact minima, but where nothing moves
 * any more all gradients are 0, so that the end is the optimum.
 * SPDX-License-Identifier: MIT */
#include "exchange/rounds.h"
#include "math/soft.h"
#include <string.h>

struct admm {
    double rho;
    /* of each worker: its pull; u, what its way to z has added up to; room for a gradient that is a list */
    double *pull;
    void **dual, **spread;
};

/* ---- workers ------------------------------------------------------------------------------------------- */

#define PULL(real, t)                                                                                 \
    static void pull_##t(size_t n, real *g, const real *w, const real *z, const real *u, double pull) \
    {                                                                                                 \
        for (size_t i = 0; i < n; i++)                                                                \
            g[i] = (real)((double)g[i] + pull * ((double)w[i] - (double)z[i] + (double)u[i]));        \
    }
PULL(float, f32)
PULL(double, f64)

static tw_status step(tw__workers *x, tw__rounds *r, tw__worker *me, tw_error *err)
{
    struct admm *a = r->more;
    const size_t k = me->index;
    tw__sum mean = *tw__mean_gradient(x, &me->gradient);
    if (mean.is_list) {
        if (!a->spread[k]) TW_TRY(tw__alloc(x->ctx, &a->spread[k], x->set.size, x->k->real, err));
        mean.dense = a->spread[k];
        tw__sum_spread(&mean, x->set.type, x->set.size);
    }
    TW__FOR_TYPE(x->set.type, pull, x->set.size, mean.dense, me->w, r->centre, a->dual[k], a->pull[k]);
    return tw__replicas_step_by(x, &r->replicas, me, &mean, err);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static double get(const tw__workers *x, const void *v, size_t i)
{
    return x->set.type == TW_F32 ? (double)((const float *)v)[i] : ((const double *)v)[i];
}
static void set(const tw__workers *x, void *v, size_t i, double to)
{
    if (x->set.type == TW_F32) ((float *)v)[i] = (float)to;
    else ((double *)v)[i] = to;
}

static void add_to_dual(const tw__workers *x, const struct admm *a, size_t worker, size_t i, double z)
{
    void *const dual = a->dual[worker];
    set(x, dual, i, get(x, dual, i) + get(x, x->worker[worker].w, i) - z);
}

static tw_status settle(tw__workers *x, tw__rounds *r, tw_error *err)
{
    const struct admm *a = r->more;
    const tw_glm *f = x->set.glm;
    const size_t penalised = f->outputs * f->columns;
    (void)err;
    for (size_t i = 0; i < x->set.size; i++) {
        double z = 0;
        for (size_t k = 0; k < x->n; k++) z += get(x, x->worker[k].w, i) + get(x, a->dual[k], i);
        z /= (double)x->n;
        if (i < penalised) z = tw__soft(z, f->l1 / a->rho) / (1 + f->l2 / a->rho);
        set(x, r->centre, i, z);
        z = get(x, r->centre, i);
        for (size_t k = 0; k < x->n; k++) add_to_dual(x, a, k, i, z);
    }
    return TW_OK;
}

/* A worker in another process than the server's adds its way up itself. */
static tw_status receive(tw__workers *x, const tw__message *m, tw_error *err)
{
    const tw__rounds *r = x->state;
    const int is_apart = m->to < x->n && tw__is_elsewhere(x, m->from);
    for (size_t i = 0; is_apart && i < x->set.size; i++)
        add_to_dual(x, r->more, m->to, i, get(x, r->centre, i));
    return tw__rounds_receive(x, m, err);
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* Rows k, k + n, k + 2n, ... are worker k's. */
static void measure_shards(const tw__workers *x, struct admm *a)
{
    const tw_glm *f = x->set.glm;
    double all = 0;
    for (uint64_t i = 0; i < x->set.rows; i++) {
        const double weight = f->weight(f->user, i);
        a->pull[i % x->n] += weight;
        all += weight;
    }
    for (size_t k = 0; k < x->n; k++)
        a->pull[k] = a->pull[k] > 0 ? a->rho * all / ((double)x->n * a->pull[k]) : a->rho;
}

static tw_status make_vectors(tw__workers *x, struct admm *a, tw_error *err)
{
    TW_TRY(tw__workers_keep(x, x->set.size * x->k->real, err));
    TW_TRY(tw__alloc(x->ctx, &a->pull, x->n, sizeof *a->pull, err));
    TW_TRY(tw__alloc(x->ctx, &a->dual, x->n, sizeof *a->dual, err));
    TW_TRY(tw__alloc(x->ctx, &a->spread, x->n, sizeof *a->spread, err));
    for (size_t k = 0; k < x->n; k++) TW_TRY(tw__alloc(x->ctx, &a->dual[k], x->set.size, x->k->real, err));
    return TW_OK;
}

static tw_status create(tw__workers *x, tw_error *err)
{
    tw__rounds *r;
    struct admm *a;
    if (!x->set.glm)
        return tw__fail(
            err, TW_ERR_SPEC,
            "exchange %s: a consensus of minima needs a convex model, such as linear, logistic, softmax or svm; "
            "of a network each worker finds another: use average or diloco",
            x->choice.spec);
    if (x->set.rows < x->n)
        return tw__fail(err, TW_ERR_SPEC, "exchange %s: %zu workers cannot have a shard each of %llu rows",
                        x->choice.spec, x->n, (unsigned long long)x->set.rows);
    TW_TRY(tw__rounds_create(x, &r, err));
    TW_TRY(tw__alloc(x->ctx, &a, 1, sizeof *a, err));
    r->more = a;
    a->rho = tw__exchange_value(x, "rho");
    r->every = (uint64_t)tw__exchange_value(x, "every");
    r->step = step;
    r->settle = settle;
    r->ends_with_run = 1;
    x->has_several = 1;
    TW_TRY(make_vectors(x, a, err));
    measure_shards(x, a);
    return TW_OK;
}

static void destroy(tw__workers *x)
{
    tw__rounds *r = x->state;
    struct admm *a = r ? r->more : NULL;
    for (size_t k = 0; a && k < x->n; k++) {
        if (a->dual) tw__free(x->ctx, a->dual[k], x->set.size, x->k->real);
        if (a->spread) tw__free(x->ctx, a->spread[k], x->set.size, x->k->real);
    }
    if (a) {
        tw__free(x->ctx, a->spread, x->n, sizeof *a->spread);
        tw__free(x->ctx, a->dual, x->n, sizeof *a->dual);
        tw__free(x->ctx, a->pull, x->n, sizeof *a->pull);
        tw__free(x->ctx, a, 1, sizeof *a);
    }
    tw__rounds_free(x);
}

static tw_status visit(tw__workers *x, tw_visitor *v, tw_error *err)
{
    const tw__rounds *r = x->state;
    const struct admm *a = r->more;
    const int64_t size = (int64_t)x->set.size;
    TW_TRY(tw__rounds_visit(x, v, err));
    for (size_t k = 0; k < x->n; k++) {
        tw__numbered numbered;
        tw_visitor *const mine = tw__numbered_visitor(&numbered, v, "worker", k);
        TW_TRY(mine->field(mine, "dual", x->set.type, 1, &size, a->dual[k], err));
    }
    return TW_OK;
}

static const tw_option options[] = {{"rho", TW_REAL, NULL, 1, 0, TW_INF, TW_OPEN,
                                     "the pull of the common weights on each worker's"},
                                    {"every", TW_INT, NULL, 10, 1, TW_STEPS, TW_CLOSED,
                                     "steps of each worker from one z to the next"}};

const tw__protocol tw__protocol_admm = {
    .about = {.size = sizeof(tw_exchange),
              .name = "admm",
              .help =
                  "consensus ADMM on linear models: workers minimise over shards, pulled to a common optimum",
              .paper = "Boyd, Parikh, Chu, Peleato & Eckstein 2011, section 7.1",
              .equation =
                  "w_k = `every` steps of the rule on F_k(w) + rho/2 |w - z + u_k|^2, F_k: mean of shard k\n"
                  "z = prox of the penalties, by 1/rho, of mean (w_k + u_k); z is reported\n"
                  "u_k = u_k + w_k - z",
              .n_options = sizeof options / sizeof options[0],
              .options = options},
    .bits = TW__BITS_REPEAT,
    .has_shards = 1,
    .is_for_processes = 1,
    .create = create,
    .free = destroy,
    .next = tw__rounds_next,
    .computed = tw__rounds_computed,
    .receive = receive,
    .visit = visit,
    .content = tw__rounds_content,
    .visit_worker = tw__rounds_visit_worker,
};
