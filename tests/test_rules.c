/* What every rule must hold, by walking the registry: each rule plain, in each dialect, and with the options below that choose another body.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <float.h>
#include <math.h>
#include "optimizer/optimizer.h"
#include "../examples/sgdm.c"
#include "rule_anchor.c"
#include "rule_norms.c"

static const char *const more_specs[] = {
    "sgd:momentum=0.9", "sgd:momentum=0.9,dampening=0.3,nesterov=1,weight_decay=0.01", "momentum:nesterov=1,weight_decay=0.01,wd_mode=lr",
    "nag:weight_decay=0.01,maximize=1", "adagrad:eps_place=in,lr_decay=0.1", "rmsprop:centered=1", "rmsprop:momentum=0.9",
    "rmsprop:centered=1,momentum=0.9,style=keras,eps_place=in", "adam:amsgrad=1", "adam:amsgrad=1,amsgrad_on=hat,eps_place=in",
    "adam:bias_correction=0,weight_decay=0.1,wd_mode=pure", "nadam:momentum_schedule=0", "adagrad:weight_decay=0.01",
    "sgd:weight_decay=0.01,wd_mode=lr", "sgd:momentum=0.9,weight_decay=0.1", "momentum:weight_decay=0.1,nesterov=1",
    "rprop:lr=0.1,step_max=0.2,eta_minus=0.7", "rprop:weight_decay=0.01", "adamax:eps_place=u,weight_decay=0.01", "radam:beta2=0.9,threshold=4",
    "radam:eps_place=out,maximize=1", "asgd:lr=0.05,lambd=0.01,t0=5", "asgd:report=weights,lambd=0", "lion:weight_decay=0.1",
    "signum:beta=0", "signum:beta=0,weight_decay=0.1,wd_mode=coupled", "signum:weight_decay=0.1", "ftrl:l1=0.1,l2=0.1,initial_accumulator=0.1",
    "adabelief:eps=1e-8,weight_decay=0.01", "yogi:initial_accumulator=0.01", "yogi:bias_correction=0", "qhm:nu=1,beta=0.9,weight_decay=0.01",
    "qhm:weight_decay=0.01,wd_mode=lr", "qhadam:nu2=0.5,nu1=1", "adan:weight_decay=0.02", "adan:beta1=1,beta2=0.5,beta3=0.5",
    "schedule-free-sgd:momentum=0,weight_decay=0.01", "schedule-free-adamw:weight_decay=0.1,lr_power=1", "madgrad:momentum=0,weight_decay=0.01",
    "adabound:amsbound=1,gamma=0.1", "padam:partial=0.5,weight_decay=0.01", "adopt:weight_decay=0.1,wd_mode=lr", "adopt:weight_decay=0.1",
    "ademamix:t_alpha_beta3=30,weight_decay=0.1", "ftml:weight_decay=0.1,wd_mode=pure", "ftml:weight_decay=0.1", "sgld:temperature=0",
    "dcasgd:adaptive=1",
    "nag:momentum=convex", "nag:momentum=convex,weight_decay=0.1",
    "lars:weight_decay=0.01,divisor=sum", "lars:maximize=1,weight_decay=0.01", "lamb:weight_decay=0.01", "lamb:weight_decay=0.01,wd_mode=lr",
    "lamb:bias_correction=0", "novograd:weight_decay=0.01", "prodigy:weight_decay=0.01,bias_correction=1",
    "prodigy:weight_decay=0.01,wd_mode=coupled,growth_rate=1.02,safeguard_warmup=1", "d-adaptation:weight_decay=0.01,growth_rate=1.02",
    "d-adaptation:weight_decay=0.01,wd_mode=lr,bias_correction=1", "swats:threshold=1000", "swats:weight_decay=0.01",
    "adafactor:beta1=0.9,weight_decay=0.01", "adafactor:relative_step=0,scale_parameter=0", "muon:nesterov=0", "muon:scale=rms,weight_decay=0.1",
};

enum { SUBJECTS = 400 };
static struct subject subjects[SUBJECTS];
static size_t n_subjects;

static void add_subject(const char *spec, const char *dialect, const tw_rule *own)
{
    assert_true(n_subjects < SUBJECTS);
    snprintf(subjects[n_subjects].spec, sizeof subjects[0].spec, "%s%s%s", spec, dialect ? "@" : "", dialect ? dialect : "");
    subjects[n_subjects++].own = own;
}

/* A dialect whose values are those of a subject that is there already is that subject. */
static void add_dialect(const char *rule, const char *dialect)
{
    char spec[128];
    tw_choice new, old;
    tw_error err;
    snprintf(spec, sizeof spec, "%s@%s", rule, dialect);
    if (tw_rule_read(&new, spec, NULL, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
    for (size_t i = 0; i < n_subjects; i++) {
        assert_int_equal(tw_rule_read(&old, subjects[i].spec, subjects[i].own, NULL), TW_OK);
        if (old.rule == new.rule && memcmp(old.values, new.values, sizeof old.values) == 0) return;
    }
    add_subject(rule, dialect, NULL);
}

static int collect(void **state)
{
    (void)state;
    for (size_t i = 0; tw_rule_at(i); i++) {
        const tw_rule *r = tw_rule_at(i);
        add_subject(r->name, NULL, NULL);
        for (const tw_dialect *d = r->dialects; d && d->name; d++) add_dialect(r->name, d->name);
    }
    for (size_t i = 0; i < sizeof more_specs / sizeof more_specs[0]; i++) add_subject(more_specs[i], NULL, NULL);
    add_subject("sgdm", NULL, &tw_rule_sgdm);
    add_subject("anchor", NULL, &tw_rule_anchor);
    return 0;
}

/* ---- Properties ---- */

static void each_isa_equals_base(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_subjects; k++)
        for (int type = TW_F32; type <= TW_F64; type++) {
            tw_context *base = bench_context(1, TW_ISA_BASE);
            struct work a = begin(&subjects[k], base, (tw_type)type, 4500, NULL);
            steps(&a, 0, 12);
            for (int isa = TW_ISA_AVX2; isa <= (int)tw_isa_of_cpu(); isa++) {
                tw_context *ctx = bench_context(1, (tw_isa)isa);
                struct work b = begin(&subjects[k], ctx, (tw_type)type, 4500, NULL);
                steps(&b, 0, 12);
                assert_same_bits(&subjects[k], tw_isa_name((tw_isa)isa), &a, &b);
                end(&b);
                tw_context_free(ctx);
            }
            end(&a);
            tw_context_free(base);
        }
}

static void ranges_equal_the_whole(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++) {
        const size_t n = 5 * TW_CHUNK + 123;
        struct work a = begin(&subjects[k], ctx, TW_F32, n, NULL), b = begin(&subjects[k], ctx, TW_F32, n, NULL);
        steps(&a, 0, 3);
        for (uint64_t t = 0; t < 3; t++) {
            gradient(&b, t, 1);
            assert_int_equal(tw_step_begin(b.opt, NULL), TW_OK);
            for (int pass = 0; pass < tw_optimizer_passes(b.opt); pass++) {
                assert_int_equal(tw_step_measure_f32(b.opt, 2 * TW_CHUNK, n, b.w, b.g, NULL), TW_OK);
                assert_int_equal(tw_step_measure_f32(b.opt, 0, 2 * TW_CHUNK, b.w, b.g, NULL), TW_OK);
                assert_int_equal(tw_step_settle_f32(b.opt, b.w, NULL), TW_OK);
            }
            assert_int_equal(tw_step_range_f32(b.opt, 4 * TW_CHUNK, n, b.w, b.g, NULL), TW_OK);
            assert_int_equal(tw_step_range_f32(b.opt, 0, TW_CHUNK, b.w, b.g, NULL), TW_OK);
            assert_int_equal(tw_step_range_f32(b.opt, TW_CHUNK, 4 * TW_CHUNK, b.w, b.g, NULL), TW_OK);
            assert_int_equal(tw_step_end(b.opt, NULL), TW_OK);
        }
        assert_same_bits(&subjects[k], "ranges", &a, &b);
        end(&a);
        end(&b);
    }
    tw_context_free(ctx);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    tw_context *one = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++)
        for (int threads = 2; threads <= 3; threads++) {
            tw_context *ctx = bench_context(threads, TW_ISA_DETECT);
            struct work a = begin(&subjects[k], one, TW_F32, 70000, NULL), b = begin(&subjects[k], ctx, TW_F32, 70000, NULL);
            steps(&a, 0, 2);
            steps(&b, 0, 2);
            assert_same_bits(&subjects[k], "threads", &a, &b);
            end(&a);
            end(&b);
            tw_context_free(ctx);
        }
    tw_context_free(one);
}

static void resume_equals_one_run(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++)
        for (int type = TW_F32; type <= TW_F64; type++)
            for (uint64_t at = 0; at < 30; at = 2 * at + 1) {
                const char *schedule = strstr(subjects[k].spec, "rprop") ? NULL : "warmup/5;cosine"; /* its steps only begin with lr */
                struct work a = begin(&subjects[k], ctx, (tw_type)type, 50, schedule), b = begin(&subjects[k], ctx, (tw_type)type, 50, schedule);
                struct store kept;
                store_open(&kept);
                steps(&a, 0, at);
                assert_int_equal(tw_optimizer_visit(a.opt, &kept.v, NULL), TW_OK);
                memcpy(b.w, a.w, 50 * tw_type_size((tw_type)type));
                store_load(&kept);
                assert_int_equal(tw_optimizer_visit(b.opt, &kept.v, NULL), TW_OK);
                assert_int_equal(kept.at, kept.n);
                steps(&a, at, 40);
                steps(&b, at, 40);
                assert_same_bits(&subjects[k], "resumed", &a, &b);
                store_close(&kept);
                end(&a);
                end(&b);
            }
    tw_context_free(ctx);
}

static void float_stays_near_double(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++) {
        struct work a = begin(&subjects[k], ctx, TW_F64, 200, NULL), b = begin(&subjects[k], ctx, TW_F32, 200, NULL);
        steps(&a, 0, 50);
        steps(&b, 0, 50);
        for (size_t i = 0; i < a.n; i++)
            if (!(fabs(weight(&a, i) - weight(&b, i)) < 2e-4 * fmax(1, fabs(weight(&a, i)))))
                fail_msg("%s: weight %zu is %.9g in float, %.9g in double", subjects[k].spec, i, weight(&b, i), weight(&a, i));
        end(&a);
        end(&b);
    }
    tw_context_free(ctx);
}

static void put(struct work *a, size_t i, double x)
{
    if (a->type == TW_F32) ((float *)a->g)[i] = (float)x;
    else ((double *)a->g)[i] = x;
}

static void a_bad_gradient_stops_the_run(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < n_subjects; k++)
        for (int type = TW_F32; type <= TW_F64; type++) {
            tw_context *ctx = bench_context(1 + (int)(k % 3), TW_ISA_DETECT);
            const size_t n = 70000, first = subject_first(n), at = first + 5000, later = 69999;
            struct work a = begin(&subjects[k], ctx, (tw_type)type, n, NULL);
            tw_error err;
            steps(&a, 0, 2);
            gradient(&a, 2, 1);
            put(&a, later, bad[(k + 1) % 3]);
            put(&a, at, bad[k % 3]);
            double before = weight(&a, at + 1);
            assert_int_equal(step(&a, &err), TW_ERR_NOT_FINITE);
            assert_string_equal(err.tensor, "rest");
            assert_int_equal(err.index, 5000);
            assert_int_equal(err.step, 3);
            assert_true(weight(&a, at + 1) == before);
            assert_int_equal(tw_optimizer_steps(a.opt), 2);
            gradient(&a, 2, 1);
            assert_int_equal(step(&a, &err), TW_ERR_STATE);
            end(&a);
            tw_context_free(ctx);
        }
}

/* What moves weights that have no gradient, as it should: decay, asgd's lambd, ftrl, whose weights begin at 0 wherever they were, yogi's m where
 * it begins elsewhere, noise, and source 000's class (source000-sgd, examples/sgdm.c), which adds eps to the weight in every step. */
static int drifts(const tw_choice *c)
{
    static const struct { const char *rule, *option; } movers[] = {{NULL, "weight_decay"}, {"asgd", "lambd"}, {"yogi", "initial_accumulator"}};
    if (strcmp(c->rule->name, "sgdm") == 0 || strcmp(c->rule->name, "source000-sgd") == 0 || strcmp(c->rule->name, "ftrl") == 0) return 1;
    if (c->rule->traits(c->values) & TW_DRAWS_NOISE) return 1;
    for (int i = 0; i < 3; i++) {
        int option = tw_rule_option(c->rule, movers[i].option), its = !movers[i].rule || strcmp(c->rule->name, movers[i].rule) == 0;
        if (its && option >= 0 && c->values[option] != 0) return 1;
    }
    return 0;
}

/* Whatever the state: no NaN from 0/0, and without decay no move from the start. */
static void a_zero_gradient_is_harmless(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++)
        for (int zero_eps = 0; zero_eps < 2; zero_eps++) {
            struct subject s = subjects[k];
            tw_choice choice;
            assert_int_equal(tw_rule_read(&choice, s.spec, s.own, NULL), TW_OK);
            int eps = tw_rule_option(choice.rule, "eps");
            if (zero_eps && (eps < 0 || strstr(s.spec, "eps") || (choice.rule->ineffective && choice.rule->ineffective(choice.values, eps)))) continue;
            if (zero_eps) strcat(s.spec, strchr(s.spec, ':') ? ",eps=0" : ":eps=0");
            struct work a = begin(&s, ctx, TW_F32, 40, NULL);
            for (uint64_t t = 0; t < 5; t++) {
                gradient(&a, t, 0);
                assert_int_equal(step(&a, NULL), TW_OK);
            }
            for (size_t i = 0; i < a.n; i++)
                if (!isfinite(weight(&a, i)) || (!drifts(&choice) && weight(&a, i) != (double)(float)bench_number(i, 1000)))
                    fail_msg("%s: weight %zu became %g", s.spec, i, weight(&a, i));
            end(&a);
        }
    tw_context_free(ctx);
}

/* Column 0 is the weights, then the slots; those not kept, or shorter, as one number per row is, read as 0. */
static double held(const struct work *a, int column, size_t i)
{
    const tw__link *l = &a->opt->links[0];
    const void *x = column ? l->slots[column - 1] : a->w;
    return !x || (column && i >= l->slot_n[column - 1]) ? 0 : a->type == TW_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* skip(n) on a; 0 if the rule has none with these values. */
static int skip_steps(struct work *a, uint64_t n)
{
    const tw__link *l = &a->opt->links[0];
    const tw_rule *r = l->r;
    const int f64 = a->type == TW_F64;
    double h[TW_OPTIONS_MAX];
    tw__group_values(a->opt, &a->opt->groups[0], a->opt->steps, h);
    const tw_moment now = {a->opt->steps + 1, h, h, l->scalars, 1, NULL};
    const tw_span span = {.n = a->n, .out = a->w, .slots = (void *const *)l->slots};
    if (!r->prepare_skip[f64] || !r->prepare_skip[f64](&now, n, l->coef)) return 0;
    r->skip[f64][l->choice->variant](&span, l->coef);
    return 1;
}

/* From where `old` stands, n gradients of 0 one by one and all at once: to a few units in the last place of the larger of before and after,
 * as a weight may come to lie near 0.  TW_ZERO_IS_NOTHING is set exactly where no value changes.  Returns whether there was a skip. */
static int compare_zeros(const struct subject *s, struct work *old, struct work *each, struct work *once, uint64_t n)
{
    double unit = (old->type == TW_F64 ? DBL_EPSILON : FLT_EPSILON) * (double)(n + 3);
    int same = 1, skips = skip_steps(once, n), said = (old->opt->links[0].r->traits(old->opt->links[0].choice->values) & TW_ZERO_IS_NOTHING) != 0;
    gradient(each, 0, 0);
    for (uint64_t t = 0; t < n; t++) assert_int_equal(step(each, NULL), TW_OK);
    for (int c = 0; c <= old->opt->links[0].r->n_slots; c++)
        for (size_t i = 0; i < old->n; i++) {
            double x = held(old, c, i), y = held(each, c, i), z = held(once, c, i);
            same &= memcmp(&x, &y, sizeof x) == 0;
            if (skips && !(fabs(y - z) <= unit * fmax(fabs(x), fabs(y))))
                fail_msg("%s, %s, column %d: skip(%d) gives %.17g, not %.17g", s->spec, tw_type_name(old->type), c, (int)n, z, y);
        }
    if (strncmp(s->spec, "ftrl", 4) == 0) same = 0; /* its weights follow lr: zeros change them as soon as that has a schedule */
    if (old->opt->steps > 0 && said != same)
        fail_msg("%s: TW_ZERO_IS_NOTHING is %d, but zero gradients change %s", s->spec, said, same ? "nothing" : "state");
    return skips;
}

static void zero_gradients_at_once(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const uint64_t lengths[] = {1, 2, 7, 50};
    int skips = 0;
    for (size_t k = 0; k < n_subjects; k++)
        for (int c = 0; c < 16; c++) {
            struct work a[3];
            for (int i = 0; i < 3; i++) {
                a[i] = begin(&subjects[k], ctx, c & 1 ? TW_F64 : TW_F32, 40, NULL);
                steps(&a[i], 0, c & 2 ? 3 : 0);
            }
            skips += compare_zeros(&subjects[k], &a[0], &a[1], &a[2], lengths[c / 4]);
            for (int i = 0; i < 3; i++) end(&a[i]);
        }
    assert_true(skips > 150);
    tw_context_free(ctx);
}

static double quadratic(const struct work *a, const double *w)
{
    double f = 0;
    for (size_t i = 0; i < a->n; i++) f += (0.1 + (double)i) * (w[i] - 0.3) * (w[i] - 0.3) / 2;
    return f;
}

/* But for source003-adam, which multiplies its step by the gradient: below the minimum that turns it away from there. */
static void defaults_reduce_a_quadratic(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++) {
        const char *spec = subjects[k].spec;
        if (strstr(spec, "maximize") || strstr(spec, "wd_mode=pure") || strstr(spec, "adam@source003") || strstr(spec, "source003-adam")) continue;
        struct work a = begin(&subjects[k], ctx, TW_F64, 10, NULL);
        double *w = a.w, *g = a.g, shown[10], before = quadratic(&a, w);
        for (int t = 0; t < 400; t++) {
            for (size_t i = 0; i < a.n; i++) g[i] = (0.1 + (double)i) * (w[i] - 0.3);
            assert_int_equal(step(&a, NULL), TW_OK);
        }
        assert_int_equal(tw_view_f64(a.opt, w, shown, NULL), TW_OK);
        if (!(quadratic(&a, shown) < 0.999 * before)) fail_msg("%s: from %g to %g", spec, before, quadratic(&a, shown));
        end(&a);
    }
    tw_context_free(ctx);
}

/* ---- First steps worked out on paper, from w = 1 with the constant gradient 0.5 ---- */

static double constant_gradient(const char *spec, int steps_wanted)
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const struct subject s = {.spec = ""};
    struct subject named = s;
    snprintf(named.spec, sizeof named.spec, "%s", spec);
    struct work a = begin(&named, ctx, TW_F64, 3, NULL);
    double shown[3];
    for (int i = 0; i < 3; i++) ((double *)a.w)[i] = 1;
    for (int t = 0; t < steps_wanted; t++) {
        for (int i = 0; i < 3; i++) ((double *)a.g)[i] = 0.5;
        assert_int_equal(step(&a, NULL), TW_OK);
    }
    assert_int_equal(tw_view_f64(a.opt, a.w, shown, NULL), TW_OK);
    double w = shown[1];
    end(&a);
    tw_context_free(ctx);
    return w;
}

static void first_steps(void **state)
{
    (void)state;
    const double g = 0.5, mu1 = 0.9 * (1 - 0.5 * pow(0.96, 0.004)), mu2 = 0.9 * (1 - 0.5 * pow(0.96, 0.008));
    const double half_way = exp(2 / (1 / log(0.9) + 1 / log(0.99)));
    /* where d is found: the first step, with d = 0.01; the d, m and v of the third, from the sums that the first two give */
    const double first = 0.01 * 0.1 / sqrt(0.001), d_prodigy = first / (1 + sqrt(0.999)), m_prodigy = 0.9 * 0.0005 * 1.9 + 0.1 * d_prodigy * g;
    const double v_prodigy = 0.999 * 0.001 * 1e-4 * g * g * 1.999 + 0.001 * d_prodigy * d_prodigy * g * g;
    const double m_adapted = 0.9 * 0.0005 * 1.9 + 0.1 * g * 0.01 / (sqrt(0.001) * (1 + sqrt(0.999)));
    const struct { const char *spec; int steps; double w; } cases[] = {
        {"sgd:lr=0.1", 3, 1 - 0.1 * 1.5},
        {"sgd:lr=0.1,momentum=0.9", 3, 1 - 0.1 * g * (1 + 1.9 + 2.71)},
        {"sgd:lr=0.1,momentum=0.9,dampening=0.5", 2, 1 - 0.1 * g * (1 + 1.4)},
        {"sgd:lr=0.1,momentum=0.9,nesterov=1", 2, 1 - 0.1 * g * (1.9 + 1 + 0.9 * 1.9)},
        {"sgd:lr=0.1,maximize=1", 1, 1 + 0.05},
        {"sgd:lr=0.1,weight_decay=0.2", 1, 1 - 0.1 * (0.5 + 0.2)},
        {"sgd:lr=0.1,weight_decay=0.2,wd_mode=lr", 1, 1 - 0.02 - 0.05},
        {"sgd:lr=0.1,weight_decay=0.2,wd_mode=pure", 1, 1 - 0.2 - 0.05},
        {"momentum:lr=0.1", 3, 1 - 0.1 * g * (1 + 1.9 + 2.71)},
        {"momentum:lr=0.1,nesterov=1", 2, 1 - 0.1 * g * (1.9 + 1 + 0.9 * 1.9)},
        {"nag:lr=0.1", 3, 1 - 0.1 * g * (1 + 1.9 + 2.71)},
        {"adagrad:lr=0.1,eps=0", 3, 1 - 0.1 * (1 + 1 / sqrt(2) + 1 / sqrt(3))},
        {"adagrad:lr=0.1,eps=0,lr_decay=1", 2, 1 - 0.1 * (1 + 1 / sqrt(2) / 2)},
        {"adagrad:lr=0.1,eps=0.75,eps_place=in", 1, 1 - 0.1 * 0.5},
        {"adadelta:rho=0.9,eps=0.01", 1, 1 - sqrt(0.01 / (0.025 + 0.01)) * g},
        {"rmsprop:lr=0.1,eps=0", 2, 1 - 0.1 * (1 / sqrt(1 - 0.9) + 1 / sqrt(1 - 0.81))},
        {"rmsprop:lr=0.1,eps=0,centered=1", 1, 1 - 0.1 * g / sqrt(0.1 * 0.25 - 0.01 * 0.25)},
        {"rmsprop:lr=0.1,eps=0,momentum=0.5", 2, 1 - 0.1 * (1.5 / sqrt(0.1) + 1 / sqrt(0.19))},
        {"adam:lr=0.1", 4, 1 - 0.4 * g / (g + 1e-8)},
        {"adam:lr=0.1,eps=0.1,eps_place=hat", 1, 1 - 0.1 * g / (g + 0.1 / sqrt(0.001))},
        {"adam:lr=0.1,eps=0.75,eps_place=in", 1, 1 - 0.1 * g},
        {"adam:lr=0.1,eps=0,bias_correction=0", 1, 1 - 0.1 * 0.1 / sqrt(0.001)},
        {"adam:lr=0.1,eps=0,amsgrad=1", 3, 1 - 0.3},
        {"nadam:lr=0.1,eps=0", 1, 1 - 0.1 * (1 + mu2 * (1 - mu1) / (1 - mu1 * mu2))},
        {"rprop:lr=0.1", 3, 1 - 0.1 * (1 + 1.2 + 1.44)},
        {"rprop:lr=0.1,step_max=0.11", 3, 1 - (0.1 + 2 * 0.11)},
        {"rprop:lr=0.1,step_min=0.2", 2, 1 - (0.2 + 0.24)},
        {"adamax:lr=0.1,eps=0.5", 1, 1 - 0.1 * g / (g + 0.5)},
        {"adamax:lr=0.1,eps=0.5,eps_place=u", 3, 1 - 0.3 * g / (g + 0.5)},
        {"adamax:lr=0.1,eps_place=none", 3, 1 - 0.3},
        {"radam:lr=0.1", 5, 1 - 0.5 * g},                                     /* r is 1, 2, 3, 4, 5 less a little: no division yet */
        {"radam:lr=0.1,beta2=0.5", 9, 1 - 0.9 * g},                           /* R = 3: never */
        {"asgd:lr=0.1,lambd=0.1,alpha=1,report=weights", 2, (1 - 0.1 * (0.1 + g)) * (1 - 0.01 / 1.01) - 0.1 / 1.01 * g},
        {"asgd:lr=0.1,lambd=0", 3, 1 - 0.3 * g},
        {"asgd:lr=0.1,lambd=0,t0=0", 4, 1 - 0.1 * g * (2 + 3 + 4) / 3},       /* w after steps 2, 3, 4 are averaged */
        {"lion:lr=0.1", 3, 1 - 0.3},
        {"lion:lr=0.1,weight_decay=0.5", 1, 1 - 0.05 - 0.1},
        {"signum:lr=0.1", 3, 1 - 0.3},
        {"signum:lr=0.1,beta=0,maximize=1", 2, 1 + 0.2},
        {"ftrl:lr=0.5", 1, -(g - g / 0.5) / ((1 + g) / 0.5)},
        {"ftrl:lr=0.5,l1=0.2,l2=3", 1, (-(g - g / 0.5) - 0.2) / ((1 + g) / 0.5 + 3)},
        {"ftrl:lr=0.5,l1=0.6", 1, 0},
        {"adabelief:lr=0.1,eps=0", 1, 1 - 0.1 * g / (0.9 * g)},
        {"adabelief:lr=0.1,eps=0.1", 1, 1 - 0.1 * g / (sqrt((0.001 * 0.45 * 0.45 + 0.1) / 0.001) + 0.1)},
        {"yogi:lr=0.1,eps=0.5", 1, 1 - 0.1 * g / (g + 0.5)},
        {"yogi:lr=0.1,eps=0.5,bias_correction=0", 1, 1 - 0.1 * 0.1 * g / (sqrt(0.001) * g + 0.5)},
        {"yogi:lr=0.1,eps=0.5,initial_accumulator=1", 1, 1 - 0.1 * (0.9 + 0.1 * g) / 0.1 / (sqrt((1 - 0.001 * 0.25) / 0.001) + 0.5)},
        {"qhm:lr=0.1,beta=0.9,nu=0.5", 2, 1 - 0.1 * g * (1 + 0.5 * (0.1 + 0.19))},
        {"qhadam:lr=0.1,eps=0,nu2=0.5", 3, 1 - 0.3},
        {"qhadam:lr=0.1,eps=0.5,nu1=0", 1, 1 - 0.1 * g / (g + 0.5)},
        {"adan:lr=0.1,eps=0.5", 3, 1 - 0.3 * g / (g + 0.5)},
        {"adan:lr=0.1,eps=0.5,weight_decay=1", 1, (1 - 0.1 * g / (g + 0.5)) / 1.1},
        {"sgdm-cubic:lr=0.1,beta=0.5,alpha=0.2", 2, 0.975 - 0.095 + 0.2 * 0.025 * 0.025 * 0.025 / 0.975},
        {"schedule-free-sgd:lr=0.1", 3, (0.95 + 0.9 + 0.85) / 3},
        {"schedule-free-sgd:lr=0.1,weight_decay=0.2", 2, (0.93 + (0.93 - 0.1 * (0.5 + 0.2 * 0.93))) / 2},
        {"schedule-free-adamw:lr=0.1,eps=0", 3, (0.9 + 0.8 + 0.7) / 3},
        {"schedule-free-adamw:lr=0.1,eps=0,weight_decay=0.2", 2, (0.88 + 0.7624) / 2},
        {"madgrad:lr=0.1,momentum=0,eps=0", 1, 1 - 0.05 / cbrt(0.025)},
        {"madgrad:lr=0.1,eps=0", 1, 1 - 0.1 * 0.05 / cbrt(0.025)},
        {"madgrad:lr=0.1,momentum=0,eps=0", 2, 1 - 0.05 * (1 + sqrt(2)) / cbrt(0.025 * (1 + sqrt(2)))},
        {"adabound:lr=0.1,eps=0", 1, 1 - 0.1},
        {"adabound:lr=0.1,eps=0,final_lr=0.001", 1, 1 - 1.001 * 0.05},
        {"adabound:lr=0.1,eps=0,final_lr=10,gamma=0.5", 1, 1 - 10 / 3.0 * 0.05},
        {"padam:lr=0.1,eps=0", 1, 1 - 0.1 * sqrt(0.001) * g / pow(0.00025, 0.125)},
        {"padam:lr=0.1,eps=0,partial=0.5", 1, 1 - 0.1},
        {"padam@paper:lr=0.1", 1, 1 - 0.1 * 0.05 / pow(0.00025, 0.125)},
        {"adopt:lr=0.1", 1, 1},
        {"adopt:lr=0.1", 3, 1 - 0.01 - 0.019},
        {"ademamix:lr=0.1,eps=0", 1, 1 - 0.1 * (1 + 5 * 0.0001)},
        {"ademamix:lr=0.1,eps=0,alpha=4,beta3=0.99,t_alpha_beta3=2", 1, 1 - 0.1 * (1 + 2 * (1 - half_way))},
        {"ftml:lr=0.1,eps=0", 2, 1 - 0.1 - 0.1 * 0.4 / 0.64},
        {"sgld:lr=0.1,temperature=0", 1, 1 - 0.025},
        {"dcasgd:lr=0.1,lambda=3", 3, 1 - 0.15},
        {"dcasgd:lr=0.1,lambda=3,adaptive=1", 3, 1 - 0.15},
        {"lars:lr=0.1,trust=0.01", 2, 0.999 - (0.0009 + 0.000999)},
        {"lars:lr=0.1,trust=0.01,weight_decay=0.5", 1, 1 - 0.1 * 0.01 / (g + 0.5) * (g + 0.5)},
        {"lars:lr=0.1,trust=0.01,weight_decay=2,maximize=1", 1, 1 - 0.1 * 0.01 / (g + 2) * (2 - g)},
        {"lars:lr=0.1,trust=0.01,weight_decay=2,maximize=1,divisor=sum", 1, 1 - 0.1 * 0.01},
        {"lamb:lr=0.1,eps=0", 2, 0.81},
        {"lamb:lr=0.1,eps=0,weight_decay=1", 1, 0.9},
        {"lamb:lr=0.1,eps=0,weight_decay=1,wd_mode=lr", 1, 0.81},
        {"novograd:lr=0.1,eps=0", 2, 1 - 0.1 * sqrt(1 / 3.0) * (1 + 1.95)},
        {"novograd:lr=0.1,eps=0,weight_decay=0.1", 1, 1 - 0.1 * (sqrt(1 / 3.0) + 0.1)},
        {"prodigy:d0=0.01,eps=0", 2, 1 - first - first * 1.9 / sqrt(1.999)},
        {"prodigy:d0=0.01,eps=0", 3, 1 - first - first * 1.9 / sqrt(1.999) - d_prodigy * m_prodigy / sqrt(v_prodigy)},
        {"prodigy:d0=0.01,eps=0,weight_decay=1", 1, 1 - 0.01 - first},
        {"d-adaptation:d0=0.01,eps=0", 2, 1 - first - first * 1.9 / sqrt(1.999)},
        {"d-adaptation:d0=0.01,eps=0", 3, 1 - first - first * 1.9 / sqrt(1.999) - m_adapted / sqrt(0.00025 * (1 + 0.999 + 0.998001))},
        {"d-adaptation:d0=0.01,eps=0,weight_decay=1,wd_mode=lr", 1, 1 - 0.01 - first},
        {"swats:lr=0.1,eps=0", 2, 0.8},
        {"swats:lr=0.1,eps=0", 4, 0.8 - 0.1 * 0.2 * g * (1 + 1.9)},
        {"swats:lr=0.1,eps=0,threshold=0", 4, 0.6},
        {"adafactor", 2, 0.9801},
        {"adafactor:lr=1,scale_parameter=0", 3, -1 / sqrt(2) - 1 / sqrt(3)},
        {"adafactor:relative_step=0,lr=2,clip=0.5", 1, 1 - 2 * 0.5},
        {"adafactor:beta1=0.9,weight_decay=1", 1, 1 - 0.01 - 0.1 * 0.01},
        {"adafactor:eps1=2,eps_place=clamp", 1, 1 - 0.01 * g / 2},
        {"muon:lr=0.1", 1, 1 - 0.1 * g * 0.05 * 1.95},
        {"muon:lr=0.1,nesterov=0", 2, 1 - 0.1 * g * (0.05 + 0.05 * 1.95)},
        {"muon:lr=0.1,weight_decay=0.5", 1, 1 - 0.05 - 0.1 * g * 0.05 * 1.95},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double w = constant_gradient(cases[i].spec, cases[i].steps);
        if (!(fabs(w - cases[i].w) < 1e-13)) fail_msg("%s: %.17g after %d steps, not %.17g", cases[i].spec, w, cases[i].steps, cases[i].w);
    }
}

/* One step from 0 with this gradient for a tensor of so many rows and columns. */
static void step_of_matrix(const char *spec, int64_t rows, int64_t columns, unsigned flags, const double *g, double *w)
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    tw_error err;
    const int64_t shape[] = {rows, columns};
    const tw_tensor tensor = {"matrix", 2, shape, 0, flags};
    if (bench_create(&opt, ctx, spec, NULL, NULL, 0, TW_F64, &tensor, 1, 0, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
    for (int64_t i = 0; i < rows * columns; i++) w[i] = 0;
    assert_int_equal(tw_step_f64(opt, w, g, &err), TW_OK);
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

/* A matrix whose rows and columns are orthogonal keeps its direction; of its singular value muon's iteration is a polynomial. */
static void muon_turns_a_matrix(void **state)
{
    (void)state;
    const double g[] = {0, 3, 0, 0, 0, 0, 0, 3}, turned[] = {0, 0, 3, 0, 0, 0, 0, 3};
    double w[8], s = 1 / sqrt(2);
    for (int i = 0; i < 5; i++) s = 3.4445 * s - 4.7750 * s * s * s + 2.0315 * s * s * s * s * s;
    step_of_matrix("muon:lr=0.1,eps=0", 2, 4, 0, g, w);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] + (g[i] > 0 ? 0.1 * s : 0)) < 1e-14);
    step_of_matrix("muon:lr=0.1,eps=0", 4, 2, 0, turned, w);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] + (turned[i] > 0 ? 0.1 * sqrt(2) * s : 0)) < 1e-14);
    step_of_matrix("muon:lr=0.1,eps=0,scale=rms", 4, 2, 0, turned, w);
    for (int i = 0; i < 8; i++) assert_true(fabs(w[i] + (turned[i] > 0 ? 0.1 * 0.4 * s : 0)) < 1e-14);
}

/* More rows than the product's blocks hold, and no multiple of them: what comes out is nearly orthogonal, every singular value near 1. */
static void muon_takes_any_size(void **state)
{
    (void)state;
    enum { H = 149, W = 75 };
    static double g[H * W], w[H * W], turned[H * W], v[H * W];
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) turned[j * H + i] = g[i * W + j] = bench_number((uint64_t)(i * W + j), 3);
    step_of_matrix("muon:lr=1,scale=none", H, W, 0, g, w);
    step_of_matrix("muon:lr=1,scale=none", W, H, 0, turned, v);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) assert_true(fabs(w[i * W + j] - v[j * H + i]) < 1e-12);
    double along = 0, squares = 0;
    step_of_matrix("muon:lr=1,scale=none", H, W, TW_TENSOR_TRANSPOSED, turned, v);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) assert_true(fabs(w[i * W + j] - v[j * H + i]) < 1e-12);
    for (int i = 0; i < H * W; i++) along -= g[i] * w[i], squares += w[i] * w[i];
    assert_true(squares > 0.5 * W && squares < 1.5 * W && along > 0);
    for (int j = 0; j < W; j++) {
        double column = 0;
        for (int i = 0; i < H; i++) column += w[i * W + j] * w[i * W + j];
        assert_true(column > 0.4 && column < 1.6);
    }
}

/* The squares of a matrix of rank 1 are the product of its row and column means: each weight then moves by the same. */
static void adafactor_factors_rank_one(void **state)
{
    (void)state;
    const double rows[] = {1, -20, 300}, columns[] = {0.5, 7};
    double g[6], w[6];
    for (int i = 0; i < 6; i++) g[i] = rows[i / 2] * columns[i % 2];
    step_of_matrix("adafactor:lr=0.1", 3, 2, 0, g, w);
    for (int i = 0; i < 6; i++) assert_true(fabs(w[i] + copysign(0.1 * 0.001, g[i])) < 1e-18);
}

/* A matrix stored column by column is the same matrix; what its row and column means give is worked out here. */
static void adafactor_factors_a_matrix(void **state)
{
    (void)state;
    const double g[] = {1, 2, 3, 4, -5, 6}, turned[] = {1, 3, -5, 2, 4, 6};
    const double row[] = {2.5, 12.5, 30.5}, column[] = {35.0 / 3, 56.0 / 3}, mean = 45.5 / 3;
    double w[6], v[6], u[6], squares = 0;
    for (int i = 0; i < 6; i++) u[i] = g[i] / sqrt(row[i / 2] * column[i % 2] / mean), squares += u[i] * u[i];
    step_of_matrix("adafactor:lr=0.1", 3, 2, 0, g, w);
    step_of_matrix("adafactor:lr=0.1", 3, 2, TW_TENSOR_TRANSPOSED, turned, v);
    for (int i = 0; i < 6; i++) {
        assert_true(fabs(w[i] + 0.1 * 0.001 * u[i] / fmax(1, sqrt(squares / 6))) < 1e-18);
        assert_true(fabs(v[i % 2 * 3 + i / 2] - w[i]) < 1e-18);
    }
}

/* The largest v stays when gradients shrink; without amsgrad it fades and the step grows again. */
static void amsgrad_remembers(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    double moved[2];
    for (int ams = 0; ams < 2; ams++) {
        struct subject s = {"adam:beta1=0,beta2=0.5,eps=0,amsgrad=0", NULL};
        s.spec[strlen(s.spec) - 1] = (char)('0' + ams);
        struct work a = begin(&s, ctx, TW_F64, 1, NULL);
        for (int t = 0; t < 20; t++) {
            *(double *)a.g = t == 0 ? 100 : 1;
            double before = *(double *)a.w;
            assert_int_equal(step(&a, NULL), TW_OK);
            moved[ams] = fabs(*(double *)a.w - before) / 0.001;
        }
        end(&a);
    }
    assert_true(fabs(moved[0] - 1) < 0.01);
    assert_true(fabs(moved[1] - 1 / sqrt(5000)) < 1e-3);
    tw_context_free(ctx);
}

/* After a change of sign the step is halved and the weight waits; then it goes on with what it has. */
static void rprop_waits_after_a_change_of_sign(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const double g[] = {3, 1e-200, -5, -1e-200, -2, 0, -1}, moved[] = {-0.1, -0.12, 0, 0.06, 0.072, 0, 0.072};
    struct work a = begin(&(struct subject){"rprop:lr=0.1", NULL}, ctx, TW_F64, 1, NULL);
    for (int t = 0; t < 7; t++) {
        double before = *(double *)a.w;
        *(double *)a.g = g[t];
        assert_int_equal(step(&a, NULL), TW_OK);
        if (!(fabs(*(double *)a.w - before - moved[t]) < 1e-15)) fail_msg("step %d: moved by %.17g, not %.17g", t + 1, *(double *)a.w - before, moved[t]);
    }
    end(&a);
    tw_context_free(ctx);
}

/* nag with a schedule for momentum looks ahead with the next step's value: its view must equal the method written with theta itself. */
static void nag_looks_ahead_with_the_next_momentum(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"nag:lr=0.1,momentum=0.8", NULL};
    struct work a = begin(&s, ctx, TW_F64, 2, "momentum=step:step_size=2,gamma=0.5");
    double *y = a.w, *g = a.g, shown[2], theta[2] = {y[0], y[1]}, v[2] = {0, 0};
    for (int t = 0; t < 6; t++) {
        double mu = 0.8 * pow(0.5, t / 2);
        for (int i = 0; i < 2; i++) {
            g[i] = 0.7 * y[i];
            v[i] = mu * v[i] - 0.1 * 0.7 * (theta[i] + mu * v[i]);
            theta[i] += v[i];
        }
        assert_int_equal(step(&a, NULL), TW_OK);
        assert_int_equal(tw_view_f64(a.opt, y, shown, NULL), TW_OK);
        for (int i = 0; i < 2; i++) assert_true(fabs(shown[i] - theta[i]) < 1e-14);
    }
    end(&a);
    tw_context_free(ctx);
}

/* f - f* of a quadratic with curvatures from 1e-6 to 1, as a multiple of what the bound leaves, at its worst over `n` steps of 1/L.  The bound
 * is Nesterov's potential argument for (t - 1)/(t + 2), t from 1: f - f* <= 3.5 |w0 - w*|^2 / (lr (t + 2)^2). */
static double worst_of_bound(const char *spec, int n)
{
    enum { N = 40 };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"", NULL};
    snprintf(s.spec, sizeof s.spec, "%s", spec);
    struct work a = begin(&s, ctx, TW_F64, N, NULL);
    double *y = a.w, *g = a.g, theta[N], worst = 0;
    for (int i = 0; i < N; i++) y[i] = 1;
    for (int t = 1; t <= n; t++) {
        double f = 0;
        for (int i = 0; i < N; i++) g[i] = pow(1e-6, (double)i / (N - 1)) * y[i];
        assert_int_equal(step(&a, NULL), TW_OK);
        assert_int_equal(tw_view_f64(a.opt, y, theta, NULL), TW_OK);
        for (int i = 0; i < N; i++) f += pow(1e-6, (double)i / (N - 1)) * theta[i] * theta[i] / 2;
        worst = fmax(worst, f * (t + 2.0) * (t + 2.0) / (3.5 * N));
    }
    end(&a);
    tw_context_free(ctx);
    return worst;
}

static void convex_momentum_falls_like_one_over_t_squared(void **state)
{
    (void)state;
    assert_true(worst_of_bound("nag:lr=1,momentum=convex", 5000) <= 1);
    assert_true(worst_of_bound("sgd:lr=1", 5000) > 1);
    assert_true(worst_of_bound("nag:lr=1,momentum=0.9", 5000) > 1);
}

/* Each rule's tables make sense on their own, and each option's default is within its bounds and reads back as it is written. */
static void tables_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; tw_rule_at(i); i++) {
        const tw_rule *r = tw_rule_at(i);
        assert_ptr_equal(tw_rule_find(r->name), r);
        assert_true(r->paper[0] && r->use[0]);
        if (r->like) continue;
        assert_true(r->equation[0] && r->n_options <= TW_OPTIONS_MAX && tw_rule_option(r, "lr") >= 0);
        for (int k = 0; k < r->n_options; k++) {
            const tw_option *o = &r->options[k];
            char value[TW_VALUE_MAX], spec[160];
            tw_choice c;
            tw_error err;
            assert_true(o->help[0]);
            snprintf(spec, sizeof spec, "%s:%s=%s", r->name, o->name, tw_option_text(o, o->initial, value));
            tw_status s = tw_rule_read(&c, spec, NULL, &err);
            if (s == TW_OK) assert_string_equal(c.spec, r->name);
            else if (!strstr(err.message, "has no effect")) fail_msg("%s: %s", spec, err.message);
        }
    }
}

/* Before the first step the reported weights are the weights, whatever a slot will be filled with then. */
static void views_before_the_first_step(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++) {
        double shown[8];
        struct work a = begin(&subjects[k], ctx, TW_F64, 8, NULL);
        assert_int_equal(tw_view_f64(a.opt, a.w, shown, NULL), TW_OK);
        assert_memory_equal(shown, a.w, sizeof shown);
        end(&a);
    }
    struct work a = begin(&(struct subject){"anchor:lr=0.5", &tw_rule_anchor}, ctx, TW_F64, 8, NULL);
    double first = weight(&a, 3), shown[8];
    steps(&a, 0, 1);
    assert_int_equal(tw_view_f64(a.opt, a.w, shown, NULL), TW_OK);
    assert_true(weight(&a, 3) != first && shown[3] == (weight(&a, 3) + first) / 2);
    end(&a);
    tw_context_free(ctx);
}

static void what_a_rule_file_says_of_itself(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    tw_optimizer *opt;
    tw_error err;
    const int64_t one = 1;
    const tw_tensor tensor = {"a", 1, &one, 0, 0};
    double w = 0, g = 0;
    assert_int_equal(bench_create(&opt, ctx, "anchor:pull=0.6", &tw_rule_anchor, NULL, 0, TW_F64, &tensor, 1, 0, &err), TW_OK);
    assert_int_equal(tw_optimizer_full_batch(opt), 1);
    tw_optimizer_free(opt);
    assert_int_equal(bench_create(&opt, ctx, "anchor:kick=0.5", &tw_rule_anchor, NULL, 0, TW_F64, &tensor, 1, 7, &err), TW_OK);
    assert_int_equal(tw_optimizer_full_batch(opt), 0);
    assert_int_equal(tw_step_f64(opt, &w, &g, &err), TW_OK);
    assert_true(w == -3.5); /* the seed reached it */
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound), cmocka_unit_test(first_steps), cmocka_unit_test(amsgrad_remembers),
        cmocka_unit_test(rprop_waits_after_a_change_of_sign),
        cmocka_unit_test(muon_turns_a_matrix), cmocka_unit_test(muon_takes_any_size), cmocka_unit_test(adafactor_factors_rank_one),
        cmocka_unit_test(adafactor_factors_a_matrix),
        cmocka_unit_test(nag_looks_ahead_with_the_next_momentum), cmocka_unit_test(each_isa_equals_base), cmocka_unit_test(ranges_equal_the_whole),
        cmocka_unit_test(threads_change_nothing), cmocka_unit_test(resume_equals_one_run), cmocka_unit_test(float_stays_near_double),
        cmocka_unit_test(a_bad_gradient_stops_the_run), cmocka_unit_test(a_zero_gradient_is_harmless), cmocka_unit_test(defaults_reduce_a_quadratic),
        cmocka_unit_test(zero_gradients_at_once), cmocka_unit_test(views_before_the_first_step),
        cmocka_unit_test(what_a_rule_file_says_of_itself), cmocka_unit_test(convex_momentum_falls_like_one_over_t_squared),
    };
    return cmocka_run_group_tests(tests, collect, NULL);
}
