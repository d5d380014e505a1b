/* What a method's equations say without being solved: which changes of the gradients or weights change
 * nothing, or only what they must. It walks the registry. A rule that does not hold one of these stands in a
 * table with the reason, and there it must not hold.
 * SPDX-License-Identifier: MIT */
#include "subject.h"
#include <float.h>
#include <math.h>

/* n weights, the first of them a matrix of n / 12 rows and 4 columns (subject.h). */
enum { N = 1206, STEPS = 40 };

/* How a run differs from the plain one: gradients times as large, weights that begin elsewhere, element i
 * with the numbers of from(i). */
struct change {
    double times, shift;
    size_t (*from)(size_t i);
};

static size_t itself(size_t i) { return i; }
static const struct change none = {1, 0, itself};

static void put(struct work *a, void *to, size_t i, double x)
{
    if (a->type == TW_F32) ((float *)to)[i] = (float)x;
    else ((double *)to)[i] = x;
}

/* The reported weights after STEPS steps with gradients that do not depend on the weights. */
static void run(const char *spec, tw_type type, struct change c, double shown[N])
{
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"", NULL};
    assert_true(snprintf(s.spec, sizeof s.spec, "%s", spec) < (int)sizeof s.spec);
    struct work a = begin(&s, ctx, type, N, NULL);
    float narrow[N];
    for (size_t i = 0; i < N; i++) put(&a, a.w, i, bench_number(c.from(i), 1000) + c.shift);
    for (uint64_t t = 0; t < STEPS; t++) {
        for (size_t i = 0; i < N; i++) put(&a, a.g, i, c.times * bench_number(c.from(i), t));
        assert_int_equal(step(&a, NULL), TW_OK);
    }
    if (type == TW_F64) assert_int_equal(tw_view_f64(a.opt, a.w, shown, NULL), TW_OK);
    else assert_int_equal(tw_view_f32(a.opt, a.w, narrow, NULL), TW_OK);
    for (size_t i = 0; type == TW_F32 && i < N; i++) shown[i] = (double)narrow[i];
    end(&a);
    tw_context_free(ctx);
}

enum { ROOM = 128 };
static const char *with(char to[ROOM], const char *spec, const char *item)
{
    assert_true(snprintf(to, ROOM, "%s%s%s", spec, strchr(spec, ':') ? "," : ":", item) < ROOM);
    return to;
}

/* How far the weights moved at most, and how far that is from what it should be, in parts of the former. */
static double farthest(const double *w)
{
    double most = 0;
    for (size_t i = 0; i < N; i++) most = fmax(most, fabs(w[i] - bench_number(i, 1000)));
    return most;
}

static void assert_bits(const char *spec, const char *what, const double *expected, const double *w)
{
    for (size_t i = 0; i < N; i++)
        if (memcmp(&w[i], &expected[i], sizeof w[i]) != 0)
            fail_msg("%s, %s: weight %zu is %.17g, not %.17g", spec, what, i, w[i], expected[i]);
}

/* ---- Gradients c times as large, c = 4, so that nothing is rounded otherwise ---- */

/* the weights are the same bits, or to rounding; they move c times as far; neither */
enum scaled { SAME, NEARLY, TIMES, OTHER };

static const struct {
    const char *spec;
    enum scaled is;
    const char *why;
} scales[] = {
    {"sgd", TIMES, ""},
    {"sgd:momentum=0.9,nesterov=1", TIMES, ""},
    {"momentum", TIMES, ""},
    {"nag", TIMES, ""},
    {"qhm", TIMES, ""},
    {"schedule-free-sgd", TIMES, ""},
    {"dcasgd", TIMES, ""},
    {"source000-sgd:eps=0", TIMES, ""},
    {"asgd:lambd=0", TIMES, ""},
    {"asgd", OTHER, "pulls the weights to 0 beside it"},
    {"sgdm-cubic:alpha=0", TIMES, ""},
    {"sgdm-cubic:alpha=0.5", OTHER, "the cubic term"},
    {"sgld:temperature=0", TIMES, ""},
    {"sgld", OTHER, "the noise is as it was"},
    {"source002-rmsprop:eps=0", TIMES, "its divisor tends to 1, whatever the gradients"},
    {"source003-adam:eps=0", TIMES, "adam's step times g"},
    {"adagrad:eps=0", SAME, ""},
    {"rmsprop:eps=0", SAME, ""},
    {"rmsprop:eps=0,centered=1,momentum=0.9", SAME, ""},
    {"adam:eps=0", SAME, ""},
    {"adam:eps=0,amsgrad=1", SAME, ""},
    {"adam:eps=0.1", OTHER, "eps has the unit of a gradient"},
    {"adamw:eps=0", SAME, ""},
    {"nadam:eps=0", SAME, ""},
    {"rprop", SAME, "signs"},
    {"adamax:eps=0", SAME, ""},
    {"lion", SAME, "signs"},
    {"signum", SAME, "signs"},
    {"signum:beta=0", SAME, "signs"},
    {"adabelief:eps=0", SAME, ""},
    {"yogi:eps=0", SAME, ""},
    {"qhadam:eps=0", SAME, ""},
    {"adan:eps=0", SAME, ""},
    {"schedule-free-adamw:eps=0", SAME, ""},
    {"adopt:eps=0", SAME, ""},
    {"ademamix:eps=0", SAME, ""},
    {"ftml:eps=0", SAME, ""},
    {"source002-adagrad", SAME, "sums over the root of their squares"},
    {"lars", SAME, "the gradient's norm divides"},
    {"lamb:eps=0", SAME, ""},
    {"novograd:eps=0", SAME, ""},
    {"prodigy:eps=0", SAME, ""},
    {"d-adaptation:eps=0", SAME, ""},
    {"swats:eps=0", SAME, "while it is adam"},
    {"adafactor:eps1=0", SAME, ""},
    {"swats:eps=0,threshold=1000", SAME, "as sgd too: the rate that it finds is c times smaller"},
    {"adadelta:eps=0.01", OTHER, "its first steps are made of eps; with eps = 0 it never moves"},
    {"radam:eps=0", OTHER, "the first five steps are not divided"},
    {"ftrl:beta=0", SAME, ""},
    {"ftrl", OTHER, "beta is compared with the root of the sum of squares"},
    {"madgrad:eps=0", OTHER, "a cube root divides: c^(1/3)"},
    {"adabound:eps=0", OTHER, "the bounds are for the rate of sgd"},
    {"padam:eps=0,partial=0.5", NEARLY, "the power is made of exp and log"},
    {"padam:eps=0", OTHER, "c^(3/4)"},
    {"muon:eps=0", OTHER, "matrices are the same, vectors move c times as far"},
};

static void scaled_gradients(void **state)
{
    (void)state;
    const double c = 4;
    static double one[N], more[N];
    for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++) {
        const char *spec = scales[k].spec;
        double same = 0, times = 0;
        for (int type = TW_F32; scales[k].is == SAME && type <= TW_F64; type++) {
            run(spec, (tw_type)type, none, one);
            run(spec, (tw_type)type, (struct change){c, 0, itself}, more);
            assert_bits(spec, "scaled", one, more);
        }
        run(spec, TW_F64, none, one);
        run(spec, TW_F64, (struct change){c, 0, itself}, more);
        for (size_t i = 0; i < N; i++) {
            same = fmax(same, fabs(more[i] - one[i]) / farthest(one));
            times = fmax(times,
                         fabs(more[i] - one[i] - (c - 1) * (one[i] - bench_number(i, 1000))) / farthest(one));
        }
        if (scales[k].is == NEARLY && !(same < 1e-11))
            fail_msg("%s: not the same, by %g of its way", spec, same);
        if (scales[k].is == TIMES && !(times < 1e-11))
            fail_msg("%s: not %g times as far, by %g of its way", spec, c, times);
        if (scales[k].is >= TIMES && !(same > 1e-4))
            fail_msg("%s is the same, by %g: %s?", spec, same, scales[k].why);
        if (scales[k].is != TIMES && !(times > 1e-4))
            fail_msg("%s moves %g times as far, by %g: %s?", spec, c, times, scales[k].why);
    }
}

/* ---- Weights that begin elsewhere ---- */

/* Rules that look at the weights: the options with which they do not, or none. A pull to 0 that an option of
 * any rule makes is switched off. */
static const struct {
    const char *rule, *without, *why;
} looks_at_weights[] = {
    {"asgd", "lambd=0", "pulls the weights to 0"},
    {"sgdm-cubic", "alpha=0", "divides by the weight"},
    {"adafactor", "scale_parameter=0", "the size of a tensor's weights is its unit"},
    {"lars", NULL, "norms of the weights"},
    {"lamb", NULL, "norms of the weights"},
    {"ftrl", NULL, "after the first step the weights are a function of its sums"},
};

static double shifted(const char *spec)
{
    static double one[N], other[N];
    double most = 0;
    run(spec, TW_F64, none, one);
    run(spec, TW_F64, (struct change){1, 0.5, itself}, other);
    for (size_t i = 0; i < N; i++) most = fmax(most, fabs(other[i] - 0.5 - one[i]));
    return most;
}

static void shifted_weights(void **state)
{
    (void)state;
    for (size_t k = 0; tw_rule_at(k); k++) {
        const char *name = tw_rule_at(k)->name, *spec = name, *looks = NULL, *without = "";
        char plain[ROOM], full[ROOM];
        tw_choice c;
        assert_int_equal(tw_rule_read(&c, name, NULL, NULL), TW_OK);
        int decay = tw_rule_option(c.rule, "weight_decay");
        if (decay >= 0 && c.values[decay] != 0) spec = with(plain, name, "weight_decay=0");
        for (size_t i = 0; i < sizeof looks_at_weights / sizeof looks_at_weights[0]; i++)
            if (strcmp(looks_at_weights[i].rule, name) == 0)
                looks = looks_at_weights[i].why, without = looks_at_weights[i].without;
        if (looks && !(shifted(spec) > 1e-8))
            fail_msg("%s moves alike from elsewhere, by %g: %s?", spec, shifted(spec), looks);
        if (without && !(shifted(*without ? with(full, spec, without) : spec) < 1e-12))
            fail_msg("%s: %g from elsewhere", spec, shifted(spec));
    }
}

/* ---- Another order of a tensor's elements ---- */

static size_t backwards(size_t i)
{
    const size_t first = subject_first(N);
    return i < first ? first - 1 - i : N - 1 - (i - first);
}

/* Element 0 against one of another row and column. */
static size_t swapped(size_t i) { return i == 0 ? 9 : i == 9 ? 0 : i; }

/* Of element rules each bit; sums of others come in another order. Backwards a matrix has its rows and its
 * columns turned round, which rules that look at them do not mind; swapped elements they must, and what draws
 * its noise by the index minds both. */
static void permuted(const char *spec, const tw_rule *rule, int draws, tw_type type, size_t (*order)(size_t))
{
    static double one[N], other[N], turned[N];
    const char *const how = order == swapped ? "two elements swapped" : "backwards";
    double most = 0;
    run(spec, type, none, one);
    run(spec, type, (struct change){1, 0, order}, other);
    for (size_t i = 0; i < N; i++) turned[i] = other[order(i)];
    for (size_t i = 0; i < N; i++) most = fmax(most, fabs(turned[i] - one[i]) / farthest(one));
    if (draws || (rule->kind == TW_WHOLE && order == swapped)) {
        if (!(most > 1e-3)) fail_msg("%s, %s: the same, by %g", spec, how, most);
    } else if (rule->kind == TW_ELEMENT) assert_bits(spec, how, one, turned);
    else if (!(most < (type == TW_F64 ? 1e-10 : 1e-2)))
        fail_msg("%s, %s: other weights, by %g", spec, how, most);
}

static void permuted_elements(void **state)
{
    (void)state;
    for (size_t k = 0; tw_rule_at(k); k++) {
        tw_choice c;
        assert_int_equal(tw_rule_read(&c, tw_rule_at(k)->name, NULL, NULL), TW_OK);
        for (int type = TW_F32; type <= TW_F64; type++)
            for (int i = 0; i < 2; i++)
                permuted(c.spec, c.rule, (c.rule->traits(c.values) & TW_DRAWS_NOISE) != 0, (tw_type)type,
                         i ? swapped : backwards);
    }
}

/* ---- Up instead of down ---- */

static void to_climb_is_to_descend_with_other_signs(void **state)
{
    (void)state;
    static double up[N], down[N];
    int n = 0;
    for (size_t k = 0; tw_rule_at(k); k++) {
        const char *name = tw_rule_at(k)->name;
        char spec[ROOM], pulled[ROOM];
        tw_choice c;
        assert_int_equal(tw_rule_read(&c, name, NULL, NULL), TW_OK);
        if (tw_rule_option(c.rule, "maximize") < 0) continue;
        n++;
        with(pulled, name, "weight_decay=0.1");
        for (int type = TW_F32; type <= TW_F64; type++)
            for (int decays = 0; decays < 2; decays++) {
                const char *plain = decays ? pulled : name;
                run(with(spec, plain, "maximize=1"), (tw_type)type, none, up);
                run(plain, (tw_type)type, (struct change){-1, 0, itself}, down);
                assert_bits(plain, "maximize", down, up);
            }
    }
    assert_true(n > 30);
}

/* ---- State that fades away ---- */

/* Gradients of every size there is, then none: on the way to 0 no number of the state may stay where the CPU
 * is slow. */
static void no_subnormal_state(void **state)
{
    (void)state;
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    for (size_t k = 0; tw_rule_at(k); k++)
        for (int type = TW_F32; type <= TW_F64; type++) {
            struct subject s = {"", NULL};
            const double least = type == TW_F32 ? (double)FLT_MIN : DBL_MIN,
                         octaves = type == TW_F32 ? 125 : 1020;
            snprintf(s.spec, sizeof s.spec, "%s", tw_rule_at(k)->name);
            struct work a = begin(&s, ctx, (tw_type)type, N, NULL);
            for (uint64_t t = 0; t < 2003; t++) {
                if (t <= 3)
                    for (size_t i = 0; i < N; i++)
                        put(&a, a.g, i, t == 3 ? 0 : bench_number(i, t) * exp2(-octaves * (double)i / N));
                assert_int_equal(step(&a, NULL), TW_OK);
            }
            const tw__link *l = &a.opt->links[0];
            for (int c = 0; c < l->r->n_slots; c++)
                for (size_t i = 0; i < l->slot_n[c]; i++) {
                    double x =
                        type == TW_F32 ? (double)((float *)l->slots[c])[i] : ((double *)l->slots[c])[i];
                    if (x != 0 && fabs(x) < least)
                        fail_msg("%s, %s: %s[%zu] is %g", s.spec, tw_type_name(a.type), l->r->slots[c].name,
                                 i, x);
                }
            end(&a);
        }
    tw_context_free(ctx);
}

/* ---- Decay beside the gradient, under a schedule ---- */

/* What is left of a weight of 1 after three steps without gradient. */
static double decayed(const char *name, const char *mode)
{
    /* they move by themselves */
    const char *const others = strcmp(name, "asgd") == 0   ? ",lambd=0"
                               : strcmp(name, "sgld") == 0 ? ",temperature=0"
                                                           : "";
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    struct subject s = {"", NULL};
    double shown[12];
    snprintf(s.spec, sizeof s.spec, "%s:lr=0.5,weight_decay=0.1,wd_mode=%s%s", name, mode, others);
    struct work a = begin(&s, ctx, TW_F64, 12, "step:step_size=1,gamma=0.5");
    for (size_t i = 0; i < 12; i++) put(&a, a.w, i, 1), put(&a, a.g, i, 0);
    for (int t = 0; t < 3; t++) assert_int_equal(step(&a, NULL), TW_OK);
    assert_int_equal(tw_view_f64(a.opt, a.w, shown, NULL), TW_OK);
    end(&a);
    tw_context_free(ctx);
    return shown[5];
}

static void a_schedule_scales_decay_in_mode_lr_alone(void **state)
{
    (void)state;
    int n = 0;
    for (size_t k = 0; tw_rule_at(k); k++) {
        const char *name = tw_rule_at(k)->name;
        tw_choice c;
        assert_int_equal(tw_rule_read(&c, name, NULL, NULL), TW_OK);
        int mode = tw_rule_option(c.rule, "wd_mode");
        if (mode < 0 || strcmp(c.rule->options[mode].words, "coupled lr pure") != 0) continue;
        n++;
        /* of the old weights in the new; the rest is where they began */
        const double share = strcmp(name, "madgrad") == 0 ? 0.9 : 1;
        double lr = 1, pure = 1;
        for (int t = 0; t < 3; t++) {
            lr = share * (1 - ldexp(0.5, -t) * 0.1) * lr + (1 - share);
            pure = share * (1 - 0.1) * pure + (1 - share);
        }
        if (!(fabs(decayed(name, "lr") - lr) < 1e-15))
            fail_msg("%s:wd_mode=lr: %.17g, not %.17g", name, decayed(name, "lr"), lr);
        if (!(fabs(decayed(name, "pure") - pure) < 1e-15))
            fail_msg("%s:wd_mode=pure: %.17g, not %.17g", name, decayed(name, "pure"), pure);
    }
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaled_gradients),   cmocka_unit_test(shifted_weights),
        cmocka_unit_test(permuted_elements),  cmocka_unit_test(to_climb_is_to_descend_with_other_signs),
        cmocka_unit_test(no_subnormal_state), cmocka_unit_test(a_schedule_scales_decay_in_mode_lr_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
