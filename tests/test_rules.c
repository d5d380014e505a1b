/* What every rule must hold, by walking the registry: each rule plain, in each dialect, and with the options
 * below that choose another body.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include "rules/registry.h"
#include <float.h>
#include <math.h>
#include "optimizer/optimizer.h"
#include "../examples/sgdm.c"
#include "rule_anchor.c"
#include "rule_norms.c"

static const char *const more_specs[] = {
    "sgd:momentum=0.9",
    "sgd:momentum=0.9,dampening=0.3,nesterov=1,weight_decay=0.01",
    "momentum:nesterov=1,weight_decay=0.01,wd_mode=lr",
    "nag:weight_decay=0.01,maximize=1",
    "adagrad:eps_place=in,lr_decay=0.1",
    "rmsprop:centered=1",
    "rmsprop:momentum=0.9",
    "rmsprop:centered=1,momentum=0.9,style=keras,eps_place=in",
    "adam:amsgrad=1",
    "adam:amsgrad=1,amsgrad_on=hat,eps_place=in",
    "adam:bias_correction=0,weight_decay=0.1,wd_mode=pure",
    "nadam:momentum_schedule=0",
    "adagrad:weight_decay=0.01",
    "sgd:weight_decay=0.01,wd_mode=lr",
    "sgd:momentum=0.9,weight_decay=0.1",
    "momentum:weight_decay=0.1,nesterov=1",
    "rprop:lr=0.1,step_max=0.2,eta_minus=0.7",
    "rprop:weight_decay=0.01",
    "adamax:eps_place=u,weight_decay=0.01",
    "radam:beta2=0.9,threshold=4",
    "radam:eps_place=out,maximize=1",
    "asgd:lr=0.05,lambd=0.01,t0=5",
    "asgd:report=weights,lambd=0",
    "lion:weight_decay=0.1",
    "signum:beta=0",
    "signum:beta=0,weight_decay=0.1,wd_mode=coupled",
    "signum:weight_decay=0.1",
    "ftrl:l1=0.1,l2=0.1,initial_accumulator=0.1",
    "adabelief:eps=1e-8,weight_decay=0.01",
    "yogi:initial_accumulator=0.01",
    "yogi:bias_correction=0",
    "qhm:nu=1,beta=0.9,weight_decay=0.01",
    "qhm:weight_decay=0.01,wd_mode=lr",
    "qhadam:nu2=0.5,nu1=1",
    "adan:weight_decay=0.02",
    "adan:beta1=1,beta2=0.5,beta3=0.5",
    "schedule-free-sgd:momentum=0,weight_decay=0.01",
    "schedule-free-adamw:weight_decay=0.1,lr_power=1",
    "madgrad:momentum=0,weight_decay=0.01",
    "adabound:amsbound=1,gamma=0.1",
    "padam:partial=0.5,weight_decay=0.01",
    "adopt:weight_decay=0.1,wd_mode=lr",
    "adopt:weight_decay=0.1",
    "ademamix:t_alpha_beta3=30,weight_decay=0.1",
    "ftml:weight_decay=0.1,wd_mode=pure",
    "ftml:weight_decay=0.1",
    "sgld:temperature=0",
    "dcasgd:adaptive=1",
    "nag:momentum=convex",
    "nag:momentum=convex,weight_decay=0.1",
    "lars:weight_decay=0.01,divisor=sum",
    "lars:maximize=1,weight_decay=0.01",
    "lamb:weight_decay=0.01",
    "lamb:weight_decay=0.01,wd_mode=lr",
    "lamb:bias_correction=0",
    "novograd:weight_decay=0.01",
    "prodigy:weight_decay=0.01,bias_correction=1",
    "prodigy:weight_decay=0.01,wd_mode=coupled,growth_rate=1.02,safeguard_warmup=1",
    "d-adaptation:weight_decay=0.01,growth_rate=1.02",
    "d-adaptation:weight_decay=0.01,wd_mode=lr,bias_correction=1",
    "swats:threshold=1000",
    "swats:weight_decay=0.01",
    "adafactor:beta1=0.9,weight_decay=0.01",
    "adafactor:relative_step=0,scale_parameter=0",
    "muon:nesterov=0",
    "muon:scale=rms,weight_decay=0.1",
};

enum { SUBJECTS = 400 };
static struct subject subjects[SUBJECTS];
static size_t n_subjects;

static void add_subject(const char *spec, const char *dialect, const tw_rule *custom)
{
    assert_true(n_subjects < SUBJECTS);
    snprintf(subjects[n_subjects].spec, sizeof subjects[0].spec, "%s%s%s", spec, dialect ? "@" : "",
             dialect ? dialect : "");
    subjects[n_subjects++].custom = custom;
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
        assert_int_equal(tw_rule_read(&old, subjects[i].spec, subjects[i].custom, NULL), TW_OK);
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
    for (size_t i = 0; i < sizeof more_specs / sizeof more_specs[0]; i++)
        add_subject(more_specs[i], NULL, NULL);
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
        struct work a = begin(&subjects[k], ctx, TW_F32, n, NULL),
                    b = begin(&subjects[k], ctx, TW_F32, n, NULL);
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
            struct work a = begin(&subjects[k], one, TW_F32, 70000, NULL),
                        b = begin(&subjects[k], ctx, TW_F32, 70000, NULL);
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
                /* its steps only begin with lr */
                const char *schedule = strstr(subjects[k].spec, "rprop") ? NULL : "warmup/5;cosine";
                struct work a = begin(&subjects[k], ctx, (tw_type)type, 50, schedule),
                            b = begin(&subjects[k], ctx, (tw_type)type, 50, schedule);
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
        struct work a = begin(&subjects[k], ctx, TW_F64, 200, NULL),
                    b = begin(&subjects[k], ctx, TW_F32, 200, NULL);
        steps(&a, 0, 50);
        steps(&b, 0, 50);
        for (size_t i = 0; i < a.n; i++)
            if (!(fabs(weight(&a, i) - weight(&b, i)) < 2e-4 * fmax(1, fabs(weight(&a, i)))))
                fail_msg("%s: weight %zu is %.9g in float, %.9g in double", subjects[k].spec, i,
                         weight(&b, i), weight(&a, i));
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
            assert_int_equal(step(&a, &err), TW_ERR_NOT_FINITE);
            assert_string_equal(err.tensor, "rest");
            assert_int_equal(err.index, 5000);
            assert_int_equal(err.step, 3);
            for (size_t i = 0; i < n; i++) assert_true(isfinite(weight(&a, i)));
            assert_int_equal(tw_optimizer_steps(a.opt), 2);
            gradient(&a, 2, 1);
            assert_int_equal(step(&a, &err), TW_ERR_STATE);
            end(&a);
            tw_context_free(ctx);
        }
}

/* What moves weights that have no gradient, as it should: decay, asgd's lambd, ftrl, whose weights begin at 0
 * wherever they were, yogi's m where it begins elsewhere, noise, and source 000's class (source000-sgd,
 * examples/sgdm.c), which adds eps to the weight in every step. */
static int drifts(const tw_choice *c)
{
    static const struct {
        const char *rule, *option;
    } movers[] = {{NULL, "weight_decay"}, {"asgd", "lambd"}, {"yogi", "initial_accumulator"}};
    if (strcmp(c->rule->name, "sgdm") == 0 || strcmp(c->rule->name, "source000-sgd") == 0 ||
        strcmp(c->rule->name, "ftrl") == 0)
        return 1;
    if (c->rule->traits(c->values) & TW_DRAWS_NOISE) return 1;
    for (int i = 0; i < 3; i++) {
        int option = tw_rule_option(c->rule, movers[i].option),
            its = !movers[i].rule || strcmp(c->rule->name, movers[i].rule) == 0;
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
            assert_int_equal(tw_rule_read(&choice, s.spec, s.custom, NULL), TW_OK);
            int eps = tw_rule_option(choice.rule, "eps");
            if (zero_eps && (eps < 0 || strstr(s.spec, "eps") ||
                             (choice.rule->ineffective && choice.rule->ineffective(choice.values, eps))))
                continue;
            if (zero_eps) strcat(s.spec, strchr(s.spec, ':') ? ",eps=0" : ":eps=0");
            struct work a = begin(&s, ctx, TW_F32, 40, NULL);
            for (uint64_t t = 0; t < 5; t++) {
                gradient(&a, t, 0);
                assert_int_equal(step(&a, NULL), TW_OK);
            }
            for (size_t i = 0; i < a.n; i++)
                if (!isfinite(weight(&a, i)) ||
                    (!drifts(&choice) && weight(&a, i) != (double)(float)bench_number(i, 1000)))
                    fail_msg("%s: weight %zu became %g", s.spec, i, weight(&a, i));
            end(&a);
        }
    tw_context_free(ctx);
}

/* Column 0 is the weights, then the slots; those not kept, or shorter, as one number per row is, read as
 * 0. */
static double held(const struct work *a, int column, size_t i)
{
    const tw__link *l = &a->opt->links[0];
    const void *x = column ? l->slots[column - 1] : a->w;
    return !x || (column && i >= l->slot_n[column - 1]) ? 0
           : a->type == TW_F32                          ? (double)((const float *)x)[i]
                                                        : ((const double *)x)[i];
}

/* skip(n) on a; 0 if the rule has none with these values. */
static int skip_steps(struct work *a, uint64_t n)
{
    const tw__link *l = &a->opt->links[0];
    const tw_rule *r = l->r;
    const int f64 = a->type == TW_F64;
    double h[TW_OPTIONS_MAX];
    tw__group_values(a->opt, &a->opt->groups[0], a->opt->steps, h);
    const tw_moment now = {.t = a->opt->steps + 1, .h = h, .next = h, .scalars = l->scalars, .seed = 1};
    const tw_span span = {.n = a->n, .out = a->w, .slots = (void *const *)l->slots};
    if (!r->prepare_skip[f64] || !r->prepare_skip[f64](&now, n, l->coef)) return 0;
    r->skip[f64][l->choice->variant](&span, l->coef);
    return 1;
}

/* From where `old` stands, n gradients of 0 one by one and all at once: to a few units in the last place of
 * the larger of before and after, as a weight may come to lie near 0.  TW_ZERO_IS_NOTHING is set exactly
 * where no value changes.  Returns whether there was a skip. */
static int compare_zeros(const struct subject *s, struct work *old, struct work *each, struct work *once,
                         uint64_t n)
{
    double unit = (old->type == TW_F64 ? DBL_EPSILON : FLT_EPSILON) * (double)(n + 3);
    int same = 1, skips = skip_steps(once, n),
        said = (old->opt->links[0].r->traits(old->opt->links[0].choice->values) & TW_ZERO_IS_NOTHING) != 0;
    gradient(each, 0, 0);
    for (uint64_t t = 0; t < n; t++) assert_int_equal(step(each, NULL), TW_OK);
    for (int c = 0; c <= old->opt->links[0].r->n_slots; c++)
        for (size_t i = 0; i < old->n; i++) {
            double x = held(old, c, i), y = held(each, c, i), z = held(once, c, i);
            same &= memcmp(&x, &y, sizeof x) == 0;
            if (skips && !(fabs(y - z) <= unit * fmax(fabs(x), fabs(y))))
                fail_msg("%s, %s, column %d: skip(%d) gives %.17g, not %.17g", s->spec,
                         tw_type_name(old->type), c, (int)n, z, y);
        }
    /* its weights follow lr: zeros change them as soon as that has a schedule */
    if (strncmp(s->spec, "ftrl", 4) == 0) same = 0;
    if (old->opt->steps > 0 && said != same)
        fail_msg("%s: TW_ZERO_IS_NOTHING is %d, but zero gradients change %s", s->spec, said,
                 same ? "nothing" : "state");
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

/* But for source003-adam, which multiplies its step by the gradient: below the minimum that turns it away
 * from there. */
static void defaults_reduce_a_quadratic(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; k < n_subjects; k++) {
        const char *spec = subjects[k].spec;
        if (strstr(spec, "maximize") || strstr(spec, "wd_mode=pure") || strstr(spec, "adam@source003") ||
            strstr(spec, "source003-adam"))
            continue;
        struct work a = begin(&subjects[k], ctx, TW_F64, 10, NULL);
        double *w = a.w, *g = a.g, shown[10], before = quadratic(&a, w);
        for (int t = 0; t < 400; t++) {
            for (size_t i = 0; i < a.n; i++) g[i] = (0.1 + (double)i) * (w[i] - 0.3);
            assert_int_equal(step(&a, NULL), TW_OK);
        }
        assert_int_equal(tw_view_f64(a.opt, w, shown, NULL), TW_OK);
        if (!(quadratic(&a, shown) < 0.999 * before))
            fail_msg("%s: from %g to %g", spec, before, quadratic(&a, shown));
        end(&a);
    }
    tw_context_free(ctx);
}

/* Each rule's tables make sense on their own, and each option's default is within its bounds and reads back
 * as it is written. */
static void tables_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; tw_rule_at(i); i++) {
        const tw_rule *r = tw_rule_at(i);
        assert_ptr_equal(tw_rule_find(r->name), r);
        assert_true(r->paper[0] && r->use[0]);
        assert_int_equal(tw__custom_check(r, NULL), TW_OK);
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
    assert_int_equal(bench_create(&opt, ctx, "anchor:pull=0.6", &tw_rule_anchor, NULL, 0, TW_F64, &tensor, 1,
                                  0, &err),
                     TW_OK);
    assert_int_equal(tw_optimizer_full_batch(opt), 1);
    tw_optimizer_free(opt);
    assert_int_equal(bench_create(&opt, ctx, "anchor:kick=0.5", &tw_rule_anchor, NULL, 0, TW_F64, &tensor, 1,
                                  7, &err),
                     TW_OK);
    assert_int_equal(tw_optimizer_full_batch(opt), 0);
    assert_int_equal(tw_step_f64(opt, &w, &g, &err), TW_OK);
    assert_true(w == -3.5); /* the seed reached it */
    tw_optimizer_free(opt);
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(each_isa_equals_base),
        cmocka_unit_test(ranges_equal_the_whole),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(resume_equals_one_run),
        cmocka_unit_test(float_stays_near_double),
        cmocka_unit_test(a_bad_gradient_stops_the_run),
        cmocka_unit_test(a_zero_gradient_is_harmless),
        cmocka_unit_test(defaults_reduce_a_quadratic),
        cmocka_unit_test(zero_gradients_at_once),
        cmocka_unit_test(views_before_the_first_step),
        cmocka_unit_test(what_a_rule_file_says_of_itself),
    };
    return cmocka_run_group_tests(tests, collect, NULL);
}
