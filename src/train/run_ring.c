/* A run with a solver in several processes: rank 0 has the solver, and requests sums over rows that all
 * share.
 * SPDX-License-Identifier: MIT */
#include "train/run_ring.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <thalweg/version.h>

/* A solver's sums are added as allreduce adds gradients, but not sent in fewer bits or to servers. */
static int is_plain(const tw_exchange *e, const double *values)
{
    for (int i = 0; i < e->n_options; i++)
        if (strcmp(e->options[i].name, "timeout") != 0 && values[i] != e->options[i].initial) return 0;
    return 1;
}

tw_status tw__run_check_ring(const tw_run_options *o, tw_error *err)
{
    tw_exchange_choice c;
    TW_TRY(tw_exchange_read(&c, o->exchange ? o->exchange : "local", err));
    if (o->link && !(c.transport && tw__transport_of(c.transport)->is_apart))
        return tw__fail(err, TW_ERR_SPEC,
                        "a link between processes needs an exchange on mpi, and with a solver mpi+allreduce");
    if (!c.transport ||
        (!strcmp(c.protocol->name, "allreduce") && !tw__transport_of(c.transport)->is_virtual &&
         is_plain(c.protocol, c.values) && is_plain(c.transport, c.transport_values)))
        return TW_OK;
    return tw__fail(err, TW_ERR_SPEC,
                    "exchange %s cannot be given beside a solver, which has a loop of its own: threads and "
                    "processes share its sums over the rows, as allreduce, with no option but timeout",
                    c.spec);
}

static tw_status create(tw_run *r, tw_error *err)
{
    tw_exchange_choice c;
    char lines[TW_SPEC_MAX + 256], l1[TW_VALUE_MAX], l2[TW_VALUE_MAX];
    double timeout = 0;
    TW_TRY(tw_exchange_read(&c, r->o.exchange, err));
    for (int i = 0; i < c.transport->n_options; i++)
        if (!strcmp(c.transport->options[i].name, "timeout")) timeout = c.transport_values[i];
    memcpy(r->ring_spec, c.spec, sizeof c.spec);
    TW_TRY(tw__ring_create(&r->ring, r->ctx, r->o.link, timeout, err));
    snprintf(lines, sizeof lines, "thalweg %s\nsolver %s\nrows %llu\nweights %zu\nl1 %s\nl2 %s\n",
             tw_version(), r->o.solver, (unsigned long long)r->train.n_rows, r->size,
             tw__number_text(r->glm.l1, l1), tw__number_text(r->glm.l2, l2));
    return tw__ring_agree(r->ring, lines, err);
}

tw_status tw__run_make_ring(tw_run *r, tw_error *err)
{
    if (!r->o.link || tw_link_ranks(r->o.link) == 1) return TW_OK;
    if (r->train.n_rows == 0)
        return tw__fail(err, TW_ERR_SPEC, "the objective has no rows that several processes could share");
    return create(r, err);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

tw_status tw__run_request(const tw_run *r, enum tw__sum_of what, unsigned detail, const double *x,
                          tw_error *err)
{
    return !r->ring || tw__ring_is_helper(r->ring)
               ? TW_OK
               : tw__ring_request(r->ring, (tw__request){TW__RING_OVER + 1 + (uint32_t)what, detail}, x,
                                  r->size, err);
}

/* Adds up what is requested, at or with s->next.x. has_diagonal: of the last point there is one, which
 * products need. */
static tw_status serve(tw_run *r, tw__request q, int *has_diagonal, tw_error *err)
{
    tw__solver *s = r->solver;
    const tw__problem *p = &s->problem;
    const uint32_t what = q.what - TW__RING_OVER - 1;
    double loss;
    if (what == TW__SUM_OF_LOSSES) return p->evaluate(p->user, s->next.x, &loss, s->next.g, err);
    if (what == TW__SUM_OF_PRODUCTS && *has_diagonal) return p->times(p->user, s->next.x, s->next.g, err);
    memcpy(s->at.x, s->next.x, r->size * sizeof *s->at.x);
    if (what == TW__SUM_OF_MATRIX && q.detail > 0) return p->hessian(p->user, q.detail, NULL, err);
    *has_diagonal = what == TW__SUM_OF_DIAGONAL;
    if (*has_diagonal) return p->diagonal(p->user, s->next.g, err);
    return tw__link_garbled(r->o.link, tw__ring_rank(r->ring) - 1, err);
}

tw_status tw__run_serve(tw_run *r, tw_error *err)
{
    tw__request q;
    int has_diagonal = 0;
    for (;;) {
        TW_TRY(tw__ring_next(r->ring, &q, r->solver->next.x, r->size, err));
        if (q.what == TW__RING_OVER) break;
        TW_TRY(serve(r, q, &has_diagonal, err));
    }
    r->status = TW_RUN_INTERRUPTED; /* rank 0 knows why it is over */
    return TW_OK;
}

void tw__run_ring_info(const tw_run *r, tw_exchange_info *out)
{
    *out = (tw_exchange_info){.spec = r->ring_spec, .seconds = r->seconds, .mean_staleness = NAN};
    tw__ring_info(r->ring, &out->worker, &out->workers, &out->messages);
    for (size_t i = 0; i < out->workers; i++) out->bytes += out->worker[i].bytes;
}
