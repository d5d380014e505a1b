/* Hyperparameters at a step, and what follows from them: coefficients before and after the sums are known.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "base/options.h"
#include "optimizer/optimizer.h"

static void values_of(const tw_optimizer *opt, int link, const double *base, uint64_t done, double *h)
{
    tw__plan_values(&opt->plan, tw__plan_key(link, 0), opt->chain.link[link].rule->n_options, base, done, h);
}

void tw__group_values(const tw_optimizer *opt, const tw__group *g, uint64_t done, double *h)
{
    const int rule = opt->chain.rule;
    values_of(opt, rule, g->values, done, h);
    int lr = opt->factor == 1 ? -1 : tw_rule_option(opt->chain.link[rule].rule, "lr");
    if (lr >= 0) h[lr] *= opt->factor;
}

void tw__set_values(tw_optimizer *opt, uint64_t done)
{
    for (int i = 0; i < opt->n_groups; i++) {
        tw__group_values(opt, &opt->groups[i], done, opt->groups[i].h);
        tw__group_values(opt, &opt->groups[i], done + 1, opt->groups[i].next);
    }
    for (int i = 0; i < opt->chain.n; i++) {
        if (i == opt->chain.rule) continue;
        values_of(opt, i, opt->chain.link[i].values, done, opt->links[i].h);
        values_of(opt, i, opt->chain.link[i].values, done + 1, opt->links[i].next);
    }
}

static tw_status check_value(const tw_optimizer *opt, int link, const tw_option *o, double x, tw_error *err)
{
    char bounds[TW_VALUE_MAX], value[TW_VALUE_MAX];
    const int is_rule = link == opt->chain.rule;
    if (tw__option_allows(o, x)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "the schedule sets %s%s%s = %s at step %llu, outside %s",
                    is_rule ? "" : opt->links[link].r->name, is_rule ? "" : ".", o->name,
                    tw_option_text(o, x, value), (unsigned long long)opt->steps + 1,
                    tw_option_bounds(o, bounds));
}

tw_status tw__values_check(const tw_optimizer *opt, tw_error *err)
{
    for (int i = 0; i < opt->plan.n; i++) {
        const int link = opt->plan.pieces[i].key / TW_OPTIONS_MAX,
                  option = opt->plan.pieces[i].key % TW_OPTIONS_MAX;
        const tw_option *o = &opt->chain.link[link].rule->options[option];
        if (link != opt->chain.rule) TW_TRY(check_value(opt, link, o, opt->links[link].h[option], err));
        for (int g = 0; link == opt->chain.rule && g < opt->n_groups; g++)
            TW_TRY(check_value(opt, link, o, opt->groups[g].h[option], err));
    }
    return TW_OK;
}

/* What a unit of the link sees; its sums only where they are asked for. */
static tw_moment moment_of(const tw_optimizer *opt, const tw__link *l, size_t unit, double *scalars,
                           uint64_t t, int with_sums)
{
    const int is_rule = tw__is_rule(opt, l);
    /* two links that draw noise draw other numbers */
    const uint64_t apart = 0x9E3779B97F4A7C15u * (uint64_t)(l - opt->links);
    const tw__group *g = &opt->groups[!is_rule                       ? 0
                                      : l->r->scope == TW_PER_TENSOR ? opt->group_of[unit]
                                                                     : (int)unit];
    return (tw_moment){.t = t,
                       .h = is_rule ? g->h : l->h,
                       .next = is_rule ? g->next : l->next,
                       .scalars = scalars + unit * (size_t)l->r->n_scalars,
                       .seed = opt->seed + apart,
                       .measured = with_sums ? l->sums + unit * (size_t)l->r->n_sums : NULL,
                       .unit = with_sums ? l->units + unit * (size_t)l->r->n_sums : NULL};
}

/* Which precision the link's coefficients are computed in; float's may be double's, rounded. */
static int precision_of(const tw_optimizer *opt, const tw_rule *r)
{
    return opt->type == TW_F64 || !r->prepare[0];
}

static void round_coef(const tw_optimizer *opt, const tw_rule *r, char *coef)
{
    if (precision_of(opt, r) == (opt->type == TW_F64)) return;
    for (size_t i = 0; i < r->coef_size[1] / sizeof(double); i++) {
        double wide;
        memcpy(&wide, coef + i * sizeof wide, sizeof wide);
        const float rounded = (float)wide;
        memcpy(coef + i * sizeof rounded, &rounded, sizeof rounded);
    }
}

size_t tw__coef_bytes(const tw_optimizer *opt, const tw_rule *r)
{
    return r->coef_size[precision_of(opt, r)];
}

int tw__prepare_skip(const tw_optimizer *opt, const tw_moment *now, uint64_t steps, char *coef)
{
    const tw_rule *r = opt->links[opt->chain.rule].r;
    const int precision = precision_of(opt, r);
    if (!r->prepare_skip[precision] || !r->prepare_skip[precision](now, steps, coef)) return 0;
    round_coef(opt, r, coef);
    return 1;
}

void tw__prepare_links(tw_optimizer *opt)
{
    for (int i = 0; i < opt->chain.n; i++) {
        tw__link *l = &opt->links[i];
        memcpy(l->next_scalars, l->scalars, l->n_units * (size_t)l->r->n_scalars * sizeof *l->scalars);
        for (size_t unit = 0; unit < l->n_units; unit++) {
            const tw_moment now = moment_of(opt, l, unit, l->next_scalars, opt->steps + 1, 0);
            char *const coef = l->coef + unit * l->coef_size;
            l->r->prepare[precision_of(opt, l->r)](&now, coef);
            round_coef(opt, l->r, coef);
        }
    }
}

static double add(const double *piece, size_t n, size_t stride, int is_scaled)
{
    tw__tree tree = {.count = 0};
    for (size_t i = 0; i < n; i++) {
        const double x = piece[i * stride];
        tw__tree_add(&tree, !is_scaled ? x : x < 0 ? -x : x * TW__SCALED * TW__SCALED);
    }
    return tw__tree_total(&tree);
}

/* The unit's sums over n blocks, in their order, one tree each. Of squares they are scaled where those of a
 * block or all together are too large. */
static void add_unit(tw__link *l, size_t unit, const double *piece, size_t n)
{
    const size_t n_sums = (size_t)l->r->n_sums;
    const int is_squares = tw__sums_squares(l);
    for (size_t s = 0; s < n_sums; s++) {
        double *sum = &l->sums[unit * n_sums + s];
        int is_scaled = 0;
        for (size_t i = 0; i < n && is_squares; i++) is_scaled |= piece[i * n_sums + s] < 0;
        if (!is_scaled) *sum = add(piece + s, n, n_sums, 0);
        is_scaled |= is_squares && *sum - *sum != 0;
        if (is_scaled) *sum = add(piece + s, n, n_sums, 1);
        l->units[unit * n_sums + s] = is_scaled ? 1 / TW__SCALED : 1;
    }
}

static void add_pieces(tw_optimizer *opt, tw__link *l)
{
    const double *piece = opt->piece;
    const size_t n_sums = (size_t)l->r->n_sums;
    if (l->r->scope != TW_PER_TENSOR) {
        for (size_t unit = 0; unit < l->n_units; unit++)
            add_unit(l, unit, piece, opt->first_piece[opt->n_chunks]);
        return;
    }
    for (size_t p = 0; p < opt->n_parts; p++) {
        const tw__part *part = &opt->parts[p];
        const size_t blocks = (part->hi + TW__BLOCK - 1) / TW__BLOCK - part->lo / TW__BLOCK;
        add_unit(l, part->tensor, piece, blocks);
        piece += blocks * n_sums;
    }
}

static int are_finite(const double *x, size_t n)
{
    return tw__first_not_finite_f64(tw__sums_for(TW_ISA_BASE), x, n) == n;
}

/* A unit whose sums, or what follows from them, are too large stops the step before any weight has
 * changed. */
void tw__settle_link(tw_optimizer *opt, int link)
{
    tw__link *l = &opt->links[link];
    const size_t n_sums = (size_t)l->r->n_sums, n_scalars = (size_t)l->r->n_scalars;
    add_pieces(opt, l);
    for (size_t unit = 0; unit < l->n_units; unit++) {
        const tw_moment now = moment_of(opt, l, unit, l->next_scalars, opt->steps + 1, 1);
        l->r->settle[opt->type == TW_F64](&now, l->coef + unit * l->coef_size);
        for (size_t s = unit * n_sums; s < (unit + 1) * n_sums; s++) /* norms that no double holds */
            if (l->units[s] > 1 && l->sums[s] >= 0x1p848) l->sums[s] = TW_INF;
        if (are_finite(l->sums + unit * n_sums, n_sums) &&
            are_finite(l->next_scalars + unit * n_scalars, n_scalars))
            continue;
        opt->overflow_link = link;
        tw__note_first(&opt->overflow, l->r->scope == TW_PER_TENSOR ? opt->tensors[unit].offset
                                       : opt->n_parts               ? opt->parts[0].lo
                                                                    : 0);
        if (opt->filled < 0) tw__note_first(&opt->bad, 0);
    }
}

void tw__prepare_view(const tw_optimizer *opt, const tw__link *l, uint64_t t, double *scalars, char *coef)
{
    for (size_t unit = 0; unit < l->n_units; unit++) {
        const tw_moment now = moment_of(opt, l, unit, scalars, t, 0);
        l->r->prepare_view[opt->type == TW_F64](&now, coef + unit * l->coef_size);
    }
}
