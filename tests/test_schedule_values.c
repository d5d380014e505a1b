/* Every schedule at every step against the same rule written down another way: step by step, with libm, from
 * the paper's or a library's words.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include <math.h>
#include "math/formula.h"
#include "plan_value.h"

enum { STEPS = 240 };
#define BASE 0.7
static const double pi = 3.14159265358979323846;

static double constant(int s)
{
    (void)s;
    return 0.35;
}

static double step(int s)
{
    double x = BASE;
    for (int i = 1; i <= s; i++)
        if (i % 7 == 0) x *= 0.8;
    return x;
}

static double multistep(int s)
{
    double x = BASE;
    for (int i = 1; i <= s; i++)
        if (i == 3 || i == 50 || i == 51) x *= 0.3;
    return x;
}

static double multistep_at_once(int s) { return s < 20 ? BASE * 0.5 : BASE * 0.25; } /* milestones 0 and 20 */
static double piecewise(int s) { return s <= 10 ? BASE * 2 : s <= 30 ? BASE * 0.5 : 0; }
static double exponential(int s) { return BASE * exp(s * log(0.97)); }
static double exponential_slow(int s) { return BASE * pow(0.5, s / 9.0); }
static double exponential_stairs(int s) { return BASE * pow(0.5, floor(s / 9.0)); }
static double inverse_time(int s) { return BASE / (1 + 0.04 * s / 3); }
static double inverse_time_stairs(int s) { return BASE / (1 + 0.4 * floor(s / 30.0)); }
static double decay(int s) { return BASE * (1 / (1 + 0.02 * s)); }
static double inv_sqrt(int s) { return BASE / sqrt(s + 1); }
static double inv_sqrt_slow(int s) { return BASE * sqrt(25) / sqrt(25 + s); }
static double inv(int s) { return BASE * exp(-0.6 * log1p(0.03 * s)); }
static double polynomial(int s) { return BASE * pow(1 - fmin(s, 90) / 90, 0.9); }
static double polynomial_floor(int s) { return (BASE - 0.07) * pow(1 - fmin(s, 90) / 90, 3) + 0.07; }
static double polynomial_cycle(int s)
{
    double d = 40;
    while (d < s) d += 40;
    return (BASE - 0.07) * sqrt(1 - s / d) + 0.07;
}
static double linear(int s) { return s < 60 ? BASE * (60 - s) / 60 : 0; }
static double linear_up(int s) { return s < 5 ? BASE / 3 + BASE * 2 / 3 * s / 5 : BASE; }
static double cosine(int s) { return s < 100 ? 0.14 + (BASE - 0.14) * pow(cos(pi * s / 200), 2) : 0.14; }
static double cosine_rise(int s) { return 0.14 + (BASE - 0.14) * pow(cos(pi * s / 100), 2); }

static double sgdr_of(int s, int t_0, int t_mult, double gamma)
{
    int t = 0, length = t_0;
    double peak = 1;
    for (int i = 0; i < s; i++)
        if (++t == length) {
            t = 0;
            length *= t_mult;
            peak *= gamma;
        }
    return BASE * (0.9 * peak * (1 + cos(pi * t / length)) / 2 + 0.1);
}
static double sgdr(int s) { return sgdr_of(s, 5, 2, 1); }
static double sgdr_3(int s) { return sgdr_of(s, 4, 3, 0.8); }
static double sgdr_even(int s) { return sgdr_of(s, 11, 1, 0.9); }

/* Smith's formula. */
static double smith(int s, double step_size, double (*scale)(double cycle, int s))
{
    double cycle = floor(1 + s / (2 * step_size)), x = fabs(s / step_size - 2 * cycle + 1);
    return BASE + (2.8 - BASE) * fmax(0, 1 - x) * scale(cycle, s);
}
static double one(double cycle, int s)
{
    (void)cycle, (void)s;
    return 1;
}
static double half(double cycle, int s)
{
    (void)s;
    return 1 / pow(2, cycle - 1);
}
static double fade(double cycle, int s)
{
    (void)cycle;
    return pow(0.99, s);
}
static double triangular(int s) { return smith(s, 13, one); }
static double triangular2(int s) { return smith(s, 13, half); }
static double exp_range(int s) { return smith(s, 13, fade); }
static double triangular_skew(int s)
{
    int t = s % 12;
    return t < 4 ? BASE * (1 + 3 * t / 4.0) : BASE * (4 - 3 * (t - 4) / 8.0);
}
static double triangular_down(int s) /* momentum: from the base down to 6/7 of it and up again */
{
    int t = s % 20;
    return t < 10 ? BASE - 0.1 * t / 10 : BASE - 0.1 * (20 - t) / 10;
}

/* PyTorch's loop over the phases. */
static double torch_onecycle(int s, int total, double pct, int three, double div, double final, int line)
{
    double initial = BASE / div, least = initial / final;
    double ends[] = {pct * total - 1, three ? 2 * pct * total - 2 : total - 1, total - 1};
    double from[] = {initial, BASE, initial}, to[] = {BASE, three ? initial : least, least}, start = 0;
    if (s > total - 1) s = total - 1;
    for (int i = 0; i < (three ? 3 : 2); i++) {
        if (s <= ends[i] || i == (three ? 2 : 1)) {
            double q = (s - start) / (ends[i] - start);
            return line ? from[i] + (to[i] - from[i]) * q : to[i] + (from[i] - to[i]) / 2 * (1 + cos(pi * q));
        }
        start = ends[i];
    }
    return NAN;
}
static double onecycle(int s) { return torch_onecycle(s, STEPS, 0.3, 0, 25, 1e4, 0); }
static double onecycle_short(int s) { return torch_onecycle(s, 100, 0.25, 0, 10, 50, 1); }
static double onecycle_three(int s) { return torch_onecycle(s, 120, 0.4, 1, 10, 100, 0); }
static double onecycle_few(int s) { return torch_onecycle(s, 2, 0.3, 0, 10, 100, 0); }
static double onecycle_momentum(int s) { return torch_onecycle(s, 100, 0.3, 0, BASE / 0.95, 1, 0); }

static double warmup(int s) { return s < 50 ? BASE * (s + 1) / 50 : BASE; }
static double noam(int s) { return BASE * fmin(pow(s + 1, -0.5), (s + 1) * pow(30, -1.5)); }
static double wsd(int s)
{
    return s < 20 ? BASE * (s + 1) / 20 : s < 150 ? BASE : s < 200 ? BASE * (200 - s) / 50 : 0;
}
static double wsd_default(int s) { return s < STEPS - 24 ? BASE : BASE * (STEPS - s) / 24; }
static double wsd_sqrt(int s)
{
    return s < 150 ? BASE : s < 200 ? BASE * (0.1 + 0.9 * (1 - sqrt((s - 150) / 50.0))) : BASE * 0.1;
}
static double wsd_cosine(int s)
{
    return s < 150 ? BASE : s < 200 ? BASE * (1 + cos(pi * (s - 150) / 50)) / 2 : 0;
}
static double rex(int s)
{
    double x = fmin(s / 100.0, 1);
    return BASE * (1 - x) / (1 - x / 2);
}
static double rex_floor(int s)
{
    double x = fmin(s / 100.0, 1);
    return 0.07 + (BASE - 0.07) * (1 - x) / (1 - x / 2);
}

static double chebyshev(int s)
{
    static const int order[] = {1, 8, 4, 5, 2, 7, 3, 6};
    /* kappa 30, base = 2 / (largest + smallest) */
    double smallest = 2 / (BASE * 31), largest = 30 * smallest;
    return 1 / ((largest + smallest) / 2 - (largest - smallest) / 2 * cos((order[s % 8] - 0.5) * pi / 8));
}

static double expr(int s) { return s < 30 ? BASE * exp(-s / 50.0) : BASE * (1 - s / 240.0) / 2; }
static double sequence(int s)
{
    return s < 10 ? BASE * (s + 1) / 10 : s < 30 ? BASE / 2 : BASE * pow(cos(pi * (s - 30) / (2.0 * 210)), 2);
}

static const struct {
    const char *spec;
    double (*want)(int s);
} cases[] = {
    {"constant:factor=0.5", constant},
    {"step:stepsize=7,gamma=0.8", step},
    {"multistep:milestones=3|50|51,gamma=0.3", multistep},
    {"multistep:milestones=0|20,gamma=0.5", multistep_at_once},
    {"piecewise:boundaries=10|30,factors=2|0.5|0", piecewise},
    {"exponential:gamma=0.97", exponential},
    {"exponential:decay_rate=0.5,decay_steps=9", exponential_slow},
    {"exponential:gamma=0.5,decay_steps=9,staircase=1", exponential_stairs},
    {"inverse_time:decay_rate=0.04,decay_steps=3", inverse_time},
    {"inverse_time:decay_rate=0.4,decay_steps=30,staircase=true", inverse_time_stairs},
    {"inverse_time:decay=0.02", decay},
    {"inv_sqrt", inv_sqrt},
    {"inv_sqrt:decay_steps=25", inv_sqrt_slow},
    {"inv:gamma=0.03,power=0.6", inv},
    {"polynomial:power=0.9,steps=90", polynomial},
    {"polynomial:power=3,decay_steps=90,floor=0.1", polynomial_floor},
    {"polynomial:power=0.5,decay_steps=40,floor=0.1,cycle=1", polynomial_cycle},
    {"linear/60", linear},
    {"linear:start_factor=0.33333333333333333,end_factor=1,total_iters=5", linear_up},
    {"cosine:T_max=100,floor=0.2", cosine},
    {"cosine:T_max=50,floor=0.2,rise=1", cosine_rise},
    {"sgdr:T_0=5,T_mult=2,floor=0.1", sgdr},
    {"sgdr:first_decay_steps=4,t_mul=3,m_mul=0.8,alpha=0.1", sgdr_3},
    {"sgdr:T_0=11,T_mult=1,gamma=0.9,floor=0.1", sgdr_even},
    {"triangular:step_size_up=13,max_factor=4", triangular},
    {"triangular2:stepsize=13,max_factor=4", triangular2},
    {"exp_range:step_size=13,max_factor=4,gamma=0.99", exp_range},
    {"triangular:step_size=4,step_size_down=8,max_factor=4", triangular_skew},
    {"triangular:step_size=10,max_factor=0.85714285714285714", triangular_down},
    {"onecycle", onecycle},
    {"onecycle:total_steps=100,pct_start=0.25,div_factor=10,final_div_factor=50,anneal_strategy=linear",
     onecycle_short},
    {"onecycle:steps=120,pct_start=0.4,div_factor=10,final_div_factor=100,three_phase=1", onecycle_three},
    {"onecycle:steps=2,div_factor=10,final_div_factor=100", onecycle_few},
    {"onecycle:steps=100,div_factor=0.73684210526315785,final_div_factor=1", onecycle_momentum},
    {"warmup/50", warmup},
    {"noam:warmup_steps=30", noam},
    {"wsd:warmup=20,decay=50/200", wsd},
    {"wsd", wsd_default},
    {"wsd:steps=200,decay=50,shape=sqrt,floor=0.1", wsd_sqrt},
    {"wsd:steps=200,num_decay_steps=50,shape=cosine", wsd_cosine},
    {"rex/100", rex},
    {"rex:total_steps=100,floor=0.1", rex_floor},
    {"chebyshev:period=8,kappa=30", chebyshev},
    {"expr:\"t < 30 ? base * exp(-t / 50) : base * (1 - t/T) / 2\"", expr},
    {"warmup/10;expr:\"base / 2\"/20;cosine", sequence},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static double value(const char *schedule, double base, uint64_t done, uint64_t total)
{
    double x;
    tw_error err;
    if (tw_schedule_value(schedule, base, done, total, &x, &err) != TW_OK)
        fail_msg("%s: %s", schedule, err.message);
    return x;
}

/* From the end to the start: nothing may depend on what was asked before. */
static void every_step(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++)
        for (int s = STEPS; s >= 0; s--) {
            double x = value(cases[i].spec, BASE, (uint64_t)s, STEPS), want = cases[i].want(s);
            if (!(fabs(x - want) <= 1e-14))
                fail_msg("%s at %d is %.17g, not %.17g", cases[i].spec, s, x, want);
        }
}

/* ---- every schedule of the list against its own equation ----------------------------------------------- */

enum { NAMES = 400, TERMS = 200, DEFINITIONS = 4 };

/* The first line of an equation as formulas of s, base and the options: "base * q, q = s / steps". */
struct equation {
    /* s, base, the options, then what the line defines */
    char names[NAMES];
    int n, n_defined;
    tw__term terms[DEFINITIONS + 1][TERMS];
    /* the value; then the definitions */
    tw_formula formula[DEFINITIONS + 1];
};

static int add_formula(struct equation *e, tw__text text)
{
    tw_formula *f = &e->formula[e->n];
    if (tw__formula_read(e->terms[e->n], TERMS, &f->n, text, e->names, NULL) != TW_OK) return 0;
    f->terms = e->terms[e->n++];
    return 1;
}

/* 0: its line is not made of formulas. */
static int read_equation(struct equation *e, const tw_schedule *s)
{
    char copy[TW_SPEC_MAX], *defined[DEFINITIONS];
    e->n = e->n_defined = 0;
    snprintf(e->names, sizeof e->names, "s base");
    for (int i = 0; i < s->n_options; i++)
        snprintf(e->names + strlen(e->names), NAMES - strlen(e->names), " %s", s->options[i].name);
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(s->equation, "\n"), s->equation);
    for (char *comma = copy; (comma = strstr(comma, ", ")) && e->n_defined < DEFINITIONS; comma += 2) {
        char name[40];
        int end = 0;
        if (sscanf(comma, ", %39[A-Za-z_] = %n", name, &end) != 1 || !end) continue;
        *comma = '\0';
        defined[e->n_defined++] = comma + end;
        snprintf(e->names + strlen(e->names), NAMES - strlen(e->names), " %s", name);
    }
    if (!add_formula(e, tw__text_of(copy))) return 0;
    for (int i = 0; i < e->n_defined; i++)
        if (!add_formula(e, tw__text_of(defined[i]))) return 0;
    return 1;
}

static void follows_equation(const struct equation *e, const tw_schedule *schedule, const char *spec)
{
    double values[2 + TW_PIECE_OPTIONS_MAX + DEFINITIONS] = {0, BASE};
    tw_piece p;
    /* options that do not go together */
    if (tw_schedule_piece(&p, spec, 0, STEPS, NULL) != TW_OK) return;
    const int n = 2 + schedule->n_options;
    for (int i = 2; i < n; i++) values[i] = strtod(p.values[i - 2], NULL);
    double *length = schedule->length_option >= 0 ? &values[2 + schedule->length_option] : NULL;
    if (length && *length == 0) *length = p.steps ? (double)p.steps : STEPS;
    for (int s = 0; s <= STEPS && (!p.steps || s < (int)p.steps); s++) {
        values[0] = s;
        for (int i = 0; i < e->n_defined; i++) values[n + i] = tw__formula_value(&e->formula[1 + i], values);
        const double x = value(spec, BASE, (uint64_t)s, STEPS),
                     want = tw__formula_value(&e->formula[0], values);
        if (!(fabs(x - want) <= 1e-13 * fmax(1, fabs(want))))
            fail_msg("%s at %d is %.17g; its equation says %.17g", spec, s, x, want);
    }
}

/* Another value of a numeric option, inside its range. */
static double another(const tw_option *o)
{
    if (isfinite(o->min) && o->max <= 1) return (o->min + o->max) / 2;
    return o->initial < 1 ? o->initial + (o->type == TW_INT ? 5 : 0.5) : o->initial * 2;
}

static int has_case(const char *name)
{
    for (int i = 0; i < CASES; i++)
        if (strncmp(cases[i].spec, name, strlen(name)) == 0 &&
            strchr(":/", cases[i].spec[strlen(name)]) != NULL)
            return 1;
    return 0;
}

static void every_schedule_follows_its_equation(void **state)
{
    (void)state;
    int followed = 0;
    for (size_t k = 0; tw_schedule_at(k); k++) {
        const tw_schedule *s = tw_schedule_at(k);
        struct equation e;
        if (!read_equation(&e, s)) {
            if (!has_case(s->name))
                fail_msg("%s: no case, and its equation is no formula of s, base and its options", s->name);
            continue;
        }
        followed++;
        follows_equation(&e, s, s->name);
        follows_equation(&e, s, s->example);
        for (int i = 0; i < s->n_options; i++) {
            char spec[TW_SPEC_MAX];
            if (s->options[i].type != TW_REAL && s->options[i].type != TW_INT) continue;
            snprintf(spec, sizeof spec, "%s:%s=%.17g", s->name, s->options[i].name, another(&s->options[i]));
            follows_equation(&e, s, spec);
        }
    }
    assert_true(followed >= 12);
}

/* In any order, the same bits: nothing is remembered. */
static void order_is_free(void **state)
{
    (void)state;
    for (size_t k = 0; tw_schedule_at(k); k++) {
        const char *spec = tw_schedule_at(k)->example;
        double up[STEPS + 1];
        for (int s = 0; s <= STEPS; s++) up[s] = value(spec, BASE, (uint64_t)s, 1000);
        for (int s = STEPS; s >= 0; s--) assert_true(value(spec, BASE, (uint64_t)s, 1000) == up[s]);
    }
}

/* In an optimiser, for lr and for another hyperparameter; stopped anywhere and loaded, it goes on with the
 * same bits. */
static void resumed(void **state)
{
    (void)state;
    enum { N = 3, RUN = 40 };
    tw_context *ctx = bench_context(1, TW_ISA_DETECT);
    const int64_t shape[] = {N};
    const tw_tensor tensor = {"w", 1, shape, 0, 0};
    for (int i = 0; i < CASES; i++) {
        char schedule[400];
        double w[2][N], g[N];
        tw_optimizer_options options = TW_OPTIMIZER_OPTIONS_INIT;
        snprintf(schedule, sizeof schedule, "%s;beta1=%s", cases[i].spec, cases[i].spec);
        options.rule = "adam:lr=0.001,beta1=0.05";
        options.schedule = schedule;
        options.total_steps = STEPS;
        options.type = TW_F64;
        options.tensors = &tensor;
        options.n_tensors = 1;
        for (int run = 0; run < 2; run++) {
            tw_optimizer *opt, *next;
            assert_int_equal(tw_optimizer_create(&opt, ctx, &options, NULL), TW_OK);
            for (int k = 0; k < N; k++) w[run][k] = k;
            for (int s = 0; s < RUN; s++) {
                for (int k = 0; k < N; k++) g[k] = bench_number((uint64_t)k, (uint64_t)s);
                if (run && s == i % RUN) {
                    struct store store;
                    store_open(&store);
                    assert_int_equal(tw_optimizer_visit(opt, &store.v, NULL), TW_OK);
                    assert_int_equal(tw_optimizer_create(&next, ctx, &options, NULL), TW_OK);
                    store_load(&store);
                    assert_int_equal(tw_optimizer_visit(next, &store.v, NULL), TW_OK);
                    store_close(&store);
                    tw_optimizer_free(opt);
                    opt = next;
                }
                assert_int_equal(tw_step_f64(opt, w[run], g, NULL), TW_OK);
            }
            tw_optimizer_free(opt);
        }
        assert_memory_equal(w[0], w[1], sizeof w[0]);
    }
    tw_context_free(ctx);
}

/* Another hyperparameter gets the same values as lr. */
static void other_hyperparameters(void **state)
{
    (void)state;
    static tw_chain chain;
    const tw_rule *adam = tw_rule_find("adam");
    assert_int_equal(tw_chain_read(&chain, "adam+ema", NULL, NULL), TW_OK);
    for (int i = 0; i < CASES; i++) {
        static tw__plan lr, eps;
        char spec[200];
        tw_error err;
        snprintf(spec, sizeof spec, "eps=%s", cases[i].spec);
        if (tw__plan_read(&lr, cases[i].spec, &chain, STEPS, &err) != TW_OK ||
            tw__plan_read(&eps, spec, &chain, STEPS, &err) != TW_OK)
            fail_msg("%s", err.message);
        for (uint64_t s = 0; s < STEPS; s++) {
            double x = value_of(&eps, tw_rule_option(adam, "eps"), 3, s);
            assert_true(x == value_of(&lr, tw_rule_option(adam, "lr"), 3, s));
            assert_true(value_of(&eps, tw_rule_option(adam, "lr"), 3, s) == 3);
        }
    }
}

/* What is written means the same when it is read. */
static void canonical(void **state)
{
    (void)state;
    static tw_chain chain;
    assert_int_equal(tw_chain_read(&chain, "adam+ema", NULL, NULL), TW_OK);
    for (int i = 0; i < CASES; i++) {
        static tw__plan plan, again;
        tw_error err;
        assert_int_equal(tw__plan_read(&plan, cases[i].spec, &chain, STEPS, &err), TW_OK);
        if (tw__plan_read(&again, plan.text, &chain, STEPS, &err) != TW_OK)
            fail_msg("%s: %s", plan.text, err.message);
        assert_string_equal(again.text, plan.text);
        assert_memory_equal(&again, &plan, sizeof plan);
    }
}

/* Borders of cycles far out, where a double of the wrong kind would be off by one. */
static void far_borders(void **state)
{
    (void)state;
    uint64_t begin = 0, length = 3;
    for (int cycle = 0; begin + length < 1ull << 53; cycle++) {
        begin += length;
        length *= 2;
        assert_true(value("sgdr:T_0=3,T_mult=2", 1, begin, 0) == 1);
        assert_true(value("sgdr:T_0=3,T_mult=2,gamma=0.5", 1, begin, 0) == ldexp(1, -cycle - 1));
        assert_true(value("sgdr:T_0=3,T_mult=2", 1, begin - 1, 0) < 0.9);
    }
    assert_true(value("sgdr:T_0=9007199254740992,T_mult=1024", 1, 1ull << 53, 0) == 1);
    assert_true(value("triangular:step_size=3", 1, 6ull * 1501199875790165, 0) == 1);
    assert_true(value("triangular:step_size=4503599627370496,step_size_down=4503599627370496", 1, 1ull << 53,
                      0) == 1);
    assert_true(value("step:step_size=9007199254740992,gamma=0.5", 1, (1ull << 53) - 1, 0) == 1);
    assert_true(value("wsd:decay=9007199254740992/9007199254740992", 1, 1ull << 53, 0) == 0);
    assert_true(value("polynomial:steps=3,cycle=1", 1, 3ull << 50, 0) == 0);
}

/* A period of Chebyshev steps shrinks every component of a quadratic's error by what the theory of Chebyshev
 * polynomials says. */
static void chebyshev_is_optimal(void **state)
{
    (void)state;
    const double kappa = 50, smallest = 1, base = 2 / (kappa + 1),
                 bound = 1 / cosh(16 * acosh((kappa + 1) / (kappa - 1)));
    for (double h = smallest; h <= kappa; h += 0.25) {
        double error = 1;
        for (uint64_t s = 0; s < 16; s++) error *= 1 - h * value("chebyshev:period=16,kappa=50", base, s, 0);
        if (!(fabs(error) <= bound * 1.0001)) fail_msg("curvature %g: error %g above %g", h, error, bound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_step),
                                       cmocka_unit_test(every_schedule_follows_its_equation),
                                       cmocka_unit_test(order_is_free),
                                       cmocka_unit_test(resumed),
                                       cmocka_unit_test(other_hyperparameters),
                                       cmocka_unit_test(canonical),
                                       cmocka_unit_test(far_borders),
                                       cmocka_unit_test(chebyshev_is_optimal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
