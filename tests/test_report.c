/* What the page is made of: scales and ticks, level curves of surfaces whose area is known, curves over runs,
 * profiles, equations.
 * SPDX-License-Identifier: MIT */
#include "race/report/report.h"
#include "races.h"
#include <math.h>
#include <stdlib.h>

/* ---- scales -------------------------------------------------------------------------------------------- */

static void ticks_are(const tw__scale *scale, int wish, int n, const double *want)
{
    double ticks[TW__TICKS];
    assert_int_equal(tw__scale_ticks(scale, wish, ticks), n);
    for (int i = 0; i < n; i++) assert_true(fabs(ticks[i] - want[i]) <= 1e-12 * fabs(want[i]));
}

static void test_scales(void **state)
{
    (void)state;
    const tw__scale linear = {.from = -1, .to = 1, .low = 100, .high = 0},
                    log = {.is_log = 1, .from = 1e-4, .to = 1, .low = 0, .high = 400};
    assert_true(tw__scale_at(&linear, 0.5) == 25);
    assert_true(fabs(tw__scale_at(&log, 1e-3) - 100) < 1e-9 && isnan(tw__scale_at(&log, 0)) &&
                isnan(tw__scale_at(&log, -1)));
    ticks_are(&linear, 4, 5, (double[]){-1, -0.5, 0, 0.5, 1});
    ticks_are(&log, 8, 5, (double[]){1e-4, 1e-3, 1e-2, 1e-1, 1});
    ticks_are(&(tw__scale){.is_log = 1, .from = 0.09, .to = 0.6}, 6, 3, (double[]){0.1, 0.2, 0.5});
    ticks_are(&(tw__scale){.is_log = 1, .from = 1e-12, .to = 1e12}, 6, 7,
              (double[]){1e-12, 1e-8, 1e-4, 1, 1e4, 1e8, 1e12});
    const tw__scale endless = {.is_log = 1, .from = -INFINITY, .to = NAN, .linear = 1, .low = 0, .high = 100};
    double none[TW__TICKS];
    assert_int_equal(tw__scale_ticks(&endless, 5, none), 0);
    const tw__scale both = {.is_log = 1, .from = -99, .to = 99, .linear = 1, .low = 0, .high = 100};
    assert_true(fabs(tw__scale_at(&both, 0) - 50) < 1e-9 && fabs(tw__scale_at(&both, 9) - 75) < 1e-9 &&
                fabs(tw__scale_at(&both, -9) - 25) < 1e-9);
    assert_true(fabs(tw__scale_value(&both, 0.25) + 9) < 1e-9);
    ticks_are(&both, 8, 3, (double[]){-10, 0, 10});
    ticks_are(&(tw__scale){.from = 0, .to = 3, .is_whole = 1}, 8, 4, (double[]){0, 1, 2, 3});
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        int is_share;
        const char *text;
    } ticks[] = {
        {0, 0, "0"},       {0.05, 0, "0.05"},     {-0.5, 0, "−0.5"}, {20000, 0, "20k"}, {1.5e6, 0, "1.5M"},
        {1e-6, 0, "10⁻⁶"}, {-2e-6, 0, "−2·10⁻⁶"}, {1e15, 0, "10¹⁵"}, {0.95, 1, "95%"},
    };
    char text[TW__TICK_TEXT];
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++)
        assert_string_equal(tw__tick_text(ticks[i].value, ticks[i].is_share, text), ticks[i].text);
    assert_string_equal(tw__plain_text(-8.3354e7, "%.4g", text), "−8.335·10⁷");
    assert_string_equal(tw__plain_text(12.5, "%.4f", text), "12.5000");
}

/* The pen is lifted over what is on no scale; what lies above the frame is drawn above it, for the viewport
 * to cut. */
static void test_chart(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw__strbuf p = {.ctx = ctx};
    tw__chart c = {.p = &p,
                   .label = "a < b",
                   .x_name = "x",
                   .y_name = "y",
                   .x = {.from = 0, .to = 4},
                   .y = {.is_log = 1, .from = 1, .to = 100}};
    char *text;
    tw__chart_open(&c);
    tw__chart_begin(&c, "line");
    const double y[] = {1, 100, 0, 10, 1e30};
    for (int i = 0; i < 5; i++) tw__chart_to(&c, i, y[i]);
    tw__chart_end(&c, 0);
    tw__chart_close(&c);
    assert_int_equal(tw__strbuf_take(&p, &text), TW_OK);
    assert_non_null(strstr(text, "aria-label=\"a &lt; b\""));
    assert_non_null(strstr(text, "d=\"M62.0 284.0L173.0 34.0M395.0 159.0L506.0 -466.0\""));
    tw__free_text(ctx, text);
    tw_context_free(ctx);
}

/* ---- level curves -------------------------------------------------------------------------------------- */

static double bowl(double x, double y) { return x * x + y * y; }
static double saddle(double x, double y) { return x * x - y * y; }
/* a saddle in the middle of a cell */
static double between(double x, double y) { return (x - 1 / 60.0) * (y - 1 / 60.0); }
static double hole(double x, double y) { return x * x + y * y < 0.5 ? INFINITY : 0; }

static tw__relief relief_of(tw_context *ctx, double (*f)(double x, double y))
{
    tw__relief r = {.low = {-2, -2}, .high = {2, 2}};
    assert_int_equal(tw__alloc(ctx, &r.values, TW__GRID * TW__GRID, sizeof *r.values, NULL), TW_OK);
    for (int j = 0; j < TW__GRID; j++)
        for (int i = 0; i < TW__GRID; i++)
            r.values[j * TW__GRID + i] = f(-2 + 4.0 * i / (TW__GRID - 1), -2 + 4.0 * j / (TW__GRID - 1));
    return r;
}

/* The area inside, by the rings' sense of rotation; and that no point leaves the window. */
static double area_of(const tw__rings *rings)
{
    double area = 0;
    for (size_t k = 0, from = 0; k < rings->n_rings; from = rings->ends[k++])
        for (size_t i = from; i < rings->ends[k]; i++) {
            const double *a = rings->points[i], *b = rings->points[i + 1 < rings->ends[k] ? i + 1 : from];
            assert_true(fabs(a[0]) <= 2 && fabs(a[1]) <= 2);
            area += (a[0] * b[1] - b[0] * a[1]) / 2;
        }
    return area;
}

static void rings_are(double (*f)(double x, double y), double level, size_t n, double area, double slack)
{
    tw_context *ctx = context(1);
    tw__relief r = relief_of(ctx, f);
    tw__rings rings;
    assert_int_equal(tw__rings_make(&rings, ctx, &r, level, NULL), TW_OK);
    assert_int_equal(rings.n_rings, n);
    assert_true(fabs(area_of(&rings) - area) < slack);
    if (f == bowl && level == 1)
        for (size_t i = 0; i < rings.n; i++)
            assert_true(fabs(hypot(rings.points[i][0], rings.points[i][1]) - 1) < 3e-4);
    tw__rings_free(ctx, &rings);
    tw__relief_free(ctx, &r);
    tw_context_free(ctx);
}

static void test_rings(void **state)
{
    (void)state;
    const double pi = 3.14159265358979;
    rings_are(bowl, 1, 1, pi, 0.01);
    rings_are(bowl, -1, 0, 0, 0.01);
    /* all of the window, closed by its edge */
    rings_are(bowl, 9, 1, 16, 0.01);
    /* less the corners */
    rings_are(bowl, 5, 1, 8 + 2 * (2 + 5 * asin(2 / sqrt(5)) - 2 - 5 * asin(1 / sqrt(5))), 0.01);
    /* two quarters, apart in the middle */
    rings_are(saddle, -1e-9, 2, 8, 0.01);
    /* joined where the middle is low */
    rings_are(between, 1e-6, 1, 8, 0.01);
    rings_are(between, -1e-6, 2, 8, 0.01);
    /* the hole turns the other way; its edge is the grid's */
    rings_are(hole, 1, 2, 16 - pi / 2, 0.2);
}

static void test_levels(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw__relief r = relief_of(ctx, bowl);
    double levels[TW__LEVELS];
    const double least = 0;
    tw__relief_levels(&r, &least, levels);
    for (int k = 2; k < TW__LEVELS; k++)
        assert_true(fabs(levels[k] / levels[k - 1] - levels[1] / levels[0]) < 1e-9);
    assert_true(levels[0] > 0 && levels[TW__LEVELS - 1] < 8);
    tw__relief_free(ctx, &r);
    /* values of both signs: as many levels below 0 as above it */
    r = relief_of(ctx, saddle);
    tw__relief_levels(&r, NULL, levels);
    for (int k = 0; k < TW__LEVELS / 2; k++)
        assert_true(levels[k] < 0 && fabs(levels[k] + levels[TW__LEVELS - 1 - k]) < 1e-9);
    assert_true(levels[0] > -4 && levels[0] / levels[1] > 1.5);
    tw__relief_free(ctx, &r);
    tw_context_free(ctx);
}

/* ---- curves and profiles ------------------------------------------------------------------------------- */

static tw_epoch epoch(uint64_t number, double loss)
{
    return (tw_epoch){.epoch = number,
                      .seconds = 2,
                      .loss = loss,
                      .accuracy = NAN,
                      .val_loss = loss + 1,
                      .val_accuracy = NAN};
}

/* Three runs of up to three epochs of 10 steps: one has reached its target after the first. */
static void test_curve(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_epoch lines[3][3] = {{epoch(1, 0.5)},
                            {epoch(1, 3), epoch(2, 2), epoch(3, 1)},
                            {epoch(1, 4), epoch(2, 3), epoch(3, 2)}};
    tw__race_run runs[3] = {
        {.epochs = lines[0], .n_epochs = 1, .steps = 10, .gradients = 100, .reached = 1},
        {.epochs = lines[1], .n_epochs = 3, .steps = 30, .gradients = 300},
        {.epochs = lines[2], .n_epochs = 3, .steps = 30, .gradients = 300},
    };
    tw__entry entry = {.runs = runs, .steps_per_epoch = 10};
    tw_race race = {.ctx = ctx, .entries = &entry, .n = 1, .o.seeds = 3};
    tw__curve curve;
    assert_int_equal(tw__curve_make(&curve, &race, &entry, TW__VAL_LOSS, NULL), TW_OK);
    assert_int_equal(curve.n, 3);
    assert_true(curve.points[0].y.median == 4 && curve.points[0].y.q1 == 2.75 &&
                curve.points[0].at[TW__BY_SECONDS] == 2);
    /* of 1.5, where the first one stays, 2 and 3 */
    assert_true(curve.points[2].y.median == 2 && curve.points[2].y.q3 == 2.5);
    assert_true(curve.points[2].at[TW__BY_EPOCHS] == 3 && curve.points[2].at[TW__BY_STEPS] == 30 &&
                curve.points[2].at[TW__BY_GRADIENTS] == 300);
    tw__curve_free(ctx, &curve);
    runs[1].diverged = runs[2].diverged = 1;
    entry.diverged = 2;
    assert_int_equal(tw__curve_make(&curve, &race, &entry, TW__VAL_LOSS, NULL), TW_OK);
    /* those that diverged count only where all did */
    assert_int_equal(curve.n, 1);
    tw__curve_free(ctx, &curve);
    assert_int_equal(tw__curve_make(&curve, &race, &entry, TW__ACCURACY, NULL), TW_OK);
    assert_int_equal(curve.n, 0);
    tw_context_free(ctx);
}

/* Of three runs two are in: medians are over these, and who reached the target more often among his own comes
 * first. */
static void test_missing_runs(void **state)
{
    (void)state;
    tw_context *ctx = context(1);
    tw_epoch lines[4] = {epoch(1, 1), epoch(1, 2), epoch(1, 9), epoch(1, 0.5)};
    tw__race_run a[3] = {{.epochs = &lines[0], .n_epochs = 1, .steps = 10, .gradients = 100, .reached = 1},
                         {.missing = 1},
                         {.epochs = &lines[1], .n_epochs = 1, .steps = 10, .gradients = 100, .reached = 1}};
    tw__race_run b[3] = {{.epochs = &lines[2], .n_epochs = 1, .steps = 10, .gradients = 80, .reached = 1},
                         {.epochs = &lines[3], .n_epochs = 1, .steps = 10, .gradients = 50, .reached = 1},
                         {.epochs = &lines[2], .n_epochs = 1, .steps = 10, .gradients = 100}};
    tw__entry entries[2] = {{.runs = b, .steps_per_epoch = 10}, {.runs = a, .steps_per_epoch = 10}};
    size_t order[2];
    tw_race race = {.ctx = ctx, .entries = entries, .n = 2, .order = order, .o.seeds = 3};
    tw__curve curve;
    assert_int_equal(tw__race_summarise(&race, NULL), TW_OK);
    assert_true(entries[1].missing == 1 && tw__race_in(&race, &entries[1]) == 2 &&
                entries[1].of[TW__LOSS].median == 1.5);
    /* 2 of 2, against 2 of 3 with fewer gradients */
    assert_true(order[0] == 1);
    assert_int_equal(tw__curve_make(&curve, &race, &entries[1], TW__LOSS, NULL), TW_OK);
    assert_true(curve.n == 1 && curve.points[0].y.median == 1.5);
    tw__curve_free(ctx, &curve);
    /* of the two seeds that both have run */
    assert_true(tw__profile_at(&race, &entries[0], TW__COST_GRADIENTS, 1) == 0.5);
    assert_true(tw__profile_at(&race, &entries[1], TW__COST_GRADIENTS, 1.25) == 1);
    tw_context_free(ctx);
}

static void test_profile(void **state)
{
    (void)state;
    const tw__race_run failed = {.gradients = 5, .seconds = 1};
    tw__race_run a[3] = {{.reached = 1, .gradients = 10, .seconds = 4},
                         {.reached = 1, .gradients = 30, .seconds = 1},
                         failed};
    tw__race_run b[3] = {{.reached = 1, .gradients = 20, .seconds = 1},
                         {.reached = 1, .gradients = 10, .seconds = 2},
                         failed};
    tw__entry entries[2] = {{.runs = a}, {.runs = b}};
    const tw_race race = {.entries = entries, .n = 2, .o.seeds = 3};
    static const struct {
        int who;
        enum tw__cost by;
        double factor, share;
    } rows[] = {
        {0, TW__COST_GRADIENTS, 1, 1 / 3.0}, {0, TW__COST_GRADIENTS, 2.9, 1 / 3.0},
        {0, TW__COST_GRADIENTS, 3, 2 / 3.0}, {1, TW__COST_GRADIENTS, 1, 1 / 3.0},
        {1, TW__COST_GRADIENTS, 2, 2 / 3.0}, {1, TW__COST_GRADIENTS, 1e9, 2 / 3.0},
        {0, TW__COST_SECONDS, 1, 1 / 3.0},   {0, TW__COST_SECONDS, 4, 2 / 3.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(tw__profile_at(&race, &entries[rows[i].who], rows[i].by, rows[i].factor) ==
                    rows[i].share);
}

/* ---- equations ----------------------------------------------------------------------------------------- */

static void test_equations(void **state)
{
    (void)state;
    static const struct {
        const char *text, *html;
    } rows[] = {
        {"v = beta2 v + (1 - beta2) g^2",
         "<i>v</i> = <i>β</i><sub>2</sub> <i>v</i> + (1 − <i>β</i><sub>2</sub>) <i>g</i><sup>2</sup>"},
        {"m^ = m/(1 - beta1^t)", "<i>m\u0302</i> = <i>m</i>/(1 − <i>β</i><sub>1</sub><sup><i>t</i></sup>)"},
        {"w = w - lr m^/(sqrt(v^) + eps)",
         "<i>w</i> = <i>w</i> − lr <i>m\u0302</i>/(√(<i>v\u0302</i>) + <i>ε</i>)"},
        {"b = 1 - t^-decay", "<i>b</i> = 1 − <i>t</i><sup>−decay</sup>"},
        {"0.96^(t psi) u_ij mu_(t+1)",
         "0.96<sup><i>t</i> <i>ψ</i></sup> <i>u</i><sub>ij</sub> <i>μ</i><sub><i>t</i>+1</sub>"},
        {"d = max(d, step_min) if x <= 1 & a < b",
         "<i>d</i> = max(<i>d</i>, step_min) if <i>x</i> ≤ 1 &amp; <i>a</i> &lt; <i>b</i>"},
        {"over the `batch` rows", "over the batch rows"},
        {"a tensor's f_i'(w)", "<i>a</i> tensor's <i>f</i><sub><i>i</i></sub>′(<i>w</i>)"},
    };
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tw__strbuf p = {.ctx = ctx};
        char *text;
        tw__put_equation(&p, rows[i].text);
        assert_int_equal(tw__strbuf_take(&p, &text), TW_OK);
        assert_string_equal(text, rows[i].html);
        tw__free_text(ctx, text);
    }
    tw_context_free(ctx);
}

/* ---- the page ------------------------------------------------------------------------------------------ */

/* Memory that ends after `left` allocations, and a count of what is out. */
struct memory {
    long left, out;
};
static void *some_memory(void *user, void *p, size_t old, size_t now, size_t align)
{
    struct memory *m = user;
    (void)align;
    if (now && m->left-- <= 0) return NULL;
    m->out += (now && !p) - (!now && p);
    void *q = now ? aligned_alloc(64, (now + 63) / 64 * 64) : NULL;
    if (q && p) memcpy(q, p, old < now ? old : now);
    free(p);
    return q;
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what)) n++;
    return n;
}

/* A tuned race on a surface, where one diverges: everything of it is in the page; and memory may end
 * anywhere. */
static void test_page(void **state)
{
    (void)state;
    struct memory memory = {.left = 1000000};
    tw_context_options c = TW_CONTEXT_OPTIONS_INIT;
    tw_context *ctx;
    c.resize = some_memory;
    c.user = &memory;
    c.threads = 1;
    assert_int_equal(tw_context_create(&ctx, &c, NULL), TW_OK);
    tw_race_options o = races_on_surface("rosenbrock", "sgd adam momentum:nesterov=1");
    o.tune = 5;
    o.steps = 40;
    o.job.run.target = "value=1";
    tw_race *race = races_run(races_created(ctx, &o));
    char *page;
    const long out = memory.out;
    assert_int_equal(tw__race_report(race, &page, NULL), TW_OK);
    char *levels = strstr(page, "<g class=\"levels\">"), *end = strstr(levels, "</g>");
    assert_non_null(end);
    *end = 0;
    assert_int_equal(count_of(levels, "<path class=\"h"), TW__LEVELS);
    *end = '<';
    assert_int_equal(count_of(page, "<tr><th scope=\"row\">"), 9); /* results, rates, target */
    assert_int_equal(count_of(page, "<article class=\"card "), 3);
    assert_int_equal(count_of(page, "class=\"ring\""), 3 * TW__SIZES);
    char *rates = strstr(page, "<section id=\"rates\""), *behind = strstr(rates, "</section>");
    *behind = 0;
    assert_int_equal(count_of(rates, "class=\"cross\"") + count_of(rates, "class=\"dot\""), 15 * TW__SIZES);
    assert_non_null(strstr(rates, "above the start, or diverged"));
    *behind = '<';
    tw__free_text(ctx, page);
    tw_status s = TW_ERR_MEMORY;
    for (long left = 0; s == TW_ERR_MEMORY; left++) {
        memory.left = left;
        s = tw__race_report(race, &page, NULL);
        assert_true(s == TW_ERR_MEMORY ? page == NULL && memory.out == out : s == TW_OK);
    }
    memory.left = 1000000;
    tw__free_text(ctx, page);
    tw_race_free(race);
    tw_context_free(ctx);
    assert_int_equal(memory.out, 0);
}

/* How many marks a part of the page has, up to the end of its section; the page is left as it was. */
static int marks_in(const char *page, const char *from)
{
    char *at = strstr(page, from), *end = at ? strstr(at, "</section>") : NULL;
    assert_non_null(end);
    *end = 0;
    const int n = count_of(at, "class=\"sign\"");
    *end = '<';
    return n;
}

/* Beyond ten entries those that share a colour have a mark: on the map, on the curves about every 15 % of the
 * width, in the keys of every section. */
static void test_marks(void **state)
{
    (void)state;
    static const char *const specs =
        "sgd momentum nag adagrad adadelta rmsprop adam adamw nadam adamax lion radam yogi adabelief adan sgd:momentum=0.5";
    tw_context *ctx = context(1);
    for (int n = 10; n <= 16; n += 6) {
        char some[200];
        const char *end = specs;
        for (int i = 0; i < n; i++) end += strcspn(end + 1, " ") + 1;
        snprintf(some, sizeof some, "%.*s", (int)(end - specs), specs);
        tw_race_options o = races_on_surface("himmelblau", some);
        o.tune = 3;
        o.steps = 60;
        o.job.run.target = "value=1e-12";
        tw_race *race = races_run(races_created(ctx, &o));
        char *page;
        assert_int_equal(tw__race_report(race, &page, NULL), TW_OK);
        if (n == 10) assert_int_equal(count_of(page, "class=\"sign\""), 0);
        else {
            assert_int_equal(marks_in(page, "<section id=\"results\""), 6);
            assert_in_range(marks_in(page, "<section id=\"curves\""), 6 + 6 * 5, 6 + 6 * 7);
            assert_in_range(marks_in(page, "<section id=\"surface\""), 6 + 4, 6 + 6 * 100);
            assert_in_range(marks_in(page, "<section id=\"rates\""), 12 + 6, 12 + 6 * 3 * TW__SIZES);
            assert_in_range(marks_in(page, "<section id=\"target\""), 6, 2000);
        }
        tw__free_text(ctx, page);
        tw_race_free(race);
    }
    tw_context_free(ctx);
}

/* Values of all sizes that a number can have: no scale without an end. */
static void test_extreme_values(void **state)
{
    (void)state;
    static const char *const surfaces[] = {"expr:\"1/x\",x=1,y=0", "expr:\"x*1e300\"", "expr:\"x*1e-300\"",
                                           "expr:\"x*1e-320\""};
    static const char optimizers[] = "sgd sgd:lr=1e300 adam:lr=1 sgd:lr=1e-300";
    tw_context *ctx = context(1);
    for (size_t i = 0; i < sizeof surfaces / sizeof surfaces[0]; i++) {
        tw_race_options o = races_on_surface(surfaces[i], optimizers);
        o.steps = 20;
        tw_race *race = races_run(races_created(ctx, &o));
        char *page;
        assert_int_equal(tw__race_report(race, &page, NULL), TW_OK);
        assert_null(strstr(page, "=\"nan"));
        assert_null(strstr(page, "=\"inf"));
        tw__free_text(ctx, page);
        tw_race_free(race);
    }
    tw_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scales),         cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_chart),          cmocka_unit_test(test_rings),
        cmocka_unit_test(test_levels),         cmocka_unit_test(test_curve),
        cmocka_unit_test(test_profile),        cmocka_unit_test(test_equations),
        cmocka_unit_test(test_marks),          cmocka_unit_test(test_page),
        cmocka_unit_test(test_extreme_values), cmocka_unit_test(test_missing_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
