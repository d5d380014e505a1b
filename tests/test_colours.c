/* The palette: any two colours can be told apart by everybody and each stands out from the page; and a rule's
 * colour is its own wherever it is.
 * SPDX-License-Identifier: MIT */
#include "race/colours.h"
#include "race/svg.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <thalweg/registry.h>

struct rgb {
    double c[3];
}; /* linear light */

static struct rgb rgb_of(const char *hex)
{
    struct rgb out;
    unsigned v[3];
    assert_int_equal(sscanf(hex, "#%2x%2x%2x", &v[0], &v[1], &v[2]), 3);
    for (int i = 0; i < 3; i++)
        out.c[i] = v[i] <= 10 ? v[i] / 255.0 / 12.92 : pow((v[i] / 255.0 + 0.055) / 1.055, 2.4);
    return out;
}

static double luminance(struct rgb of) { return 0.2126 * of.c[0] + 0.7152 * of.c[1] + 0.0722 * of.c[2]; }

/* WCAG 2. */
static double contrast(const char *a, const char *b)
{
    double x = luminance(rgb_of(a)) + 0.05, y = luminance(rgb_of(b)) + 0.05;
    return x > y ? x / y : y / x;
}

/* Machado, Oliveira & Fernandes 2009, severity 1. */
static const double eyes[4][9] = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
    {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
    {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900},
};

static double root(double t) { return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116; }

static struct rgb seen_by(const double *eye, const char *hex)
{
    struct rgb from = rgb_of(hex), seen;
    for (int i = 0; i < 3; i++)
        seen.c[i] =
            fmin(fmax(eye[3 * i] * from.c[0] + eye[3 * i + 1] * from.c[1] + eye[3 * i + 2] * from.c[2], 0),
                 1);
    return seen;
}

/* What an eye sees of it, in OKLab (Ottosson 2020), which stretches saturated reds and blues less than
 * CIELAB. */
static struct rgb oklab_of(const char *hex, const double *eye)
{
    const struct rgb seen = seen_by(eye, hex);
    const double l = cbrt(0.4122214708 * seen.c[0] + 0.5363325363 * seen.c[1] + 0.0514459929 * seen.c[2]);
    const double m = cbrt(0.2119034982 * seen.c[0] + 0.6806995451 * seen.c[1] + 0.1073969566 * seen.c[2]);
    const double s = cbrt(0.0883024619 * seen.c[0] + 0.2817188376 * seen.c[1] + 0.6299787005 * seen.c[2]);
    return (struct rgb){{0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
                         1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
                         0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s}};
}

/* The same in CIELAB (D65). */
static struct rgb lab_of(const char *hex, const double *eye)
{
    const struct rgb seen = seen_by(eye, hex);
    double x = root((0.4124564 * seen.c[0] + 0.3575761 * seen.c[1] + 0.1804375 * seen.c[2]) / 0.95047);
    double y = root(0.2126729 * seen.c[0] + 0.7151522 * seen.c[1] + 0.0721750 * seen.c[2]);
    double z = root((0.0193339 * seen.c[0] + 0.1191920 * seen.c[1] + 0.9503041 * seen.c[2]) / 1.08883);
    return (struct rgb){{116 * y - 16, 500 * (x - y), 200 * (y - z)}};
}

static double least_distance(struct rgb (*place)(const char *hex, const double *eye), int dark,
                             const double *eye)
{
    double least = INFINITY;
    for (int i = 0; i < TW__COLOURS; i++)
        for (int k = 0; k < i; k++) {
            const tw__colour *one = &tw__palette[i], *other = &tw__palette[k];
            struct rgb a = place(dark ? one->dark : one->light, eye),
                       b = place(dark ? other->dark : other->light, eye);
            least = fmin(least,
                         sqrt(pow(a.c[0] - b.c[0], 2) + pow(a.c[1] - b.c[1], 2) + pow(a.c[2] - b.c[2], 2)));
        }
    return least;
}

/* For most eyes; for those without one kind of cones. */
static const struct {
    double lab, oklab;
} reached[2][2] = {{{34, 0.1}, {25, 0.06}}, {{39, 0.15}, {29, 0.099}}};

static void test_told_apart(void **state)
{
    (void)state;
    for (int dark = 0; dark < 2; dark++)
        for (int eye = 0; eye < 4; eye++)
            if (!(least_distance(lab_of, dark, eyes[eye]) > reached[dark][eye > 0].lab) ||
                !(least_distance(oklab_of, dark, eyes[eye]) > reached[dark][eye > 0].oklab))
                fail_msg("%s, eye %d: %.1f, %.3f", dark ? "dark" : "light", eye,
                         least_distance(lab_of, dark, eyes[eye]), least_distance(oklab_of, dark, eyes[eye]));
}

static double chroma_of(struct rgb lab) { return hypot(lab.c[1], lab.c[2]); }

/* Degrees between two hues. */
static double hues_apart(struct rgb a, struct rgb b)
{
    const double apart = fabs(atan2(a.c[2], a.c[1]) - atan2(b.c[2], b.c[1])) * 180 / acos(-1);
    return apart > 180 ? 360 - apart : apart;
}

/* One is a grey, and no two of the others are the same hue, light and dark. */
static void test_hues(void **state)
{
    (void)state;
    for (int dark = 0; dark < 2; dark++) {
        struct rgb lab[TW__COLOURS];
        for (int i = 0; i < TW__COLOURS; i++)
            lab[i] = lab_of(dark ? tw__palette[i].dark : tw__palette[i].light, eyes[0]);
        assert_true(chroma_of(lab[0]) < 15);
        for (int i = 1; i < TW__COLOURS; i++) {
            assert_true(chroma_of(lab[i]) > 30);
            for (int k = 1; k < i; k++) assert_true(hues_apart(lab[i], lab[k]) > 20);
        }
    }
}

/* Against the page and against what lies raised on it. */
static void test_stand_out(void **state)
{
    (void)state;
    for (int i = 0; i < TW__COLOURS; i++) {
        assert_true(contrast(tw__palette[i].light, "#ffffff") >= 3 &&
                    contrast(tw__palette[i].light, "#f6f7f9") >= 3);
        assert_true(contrast(tw__palette[i].dark, "#12161c") >= 3 &&
                    contrast(tw__palette[i].dark, "#1b212a") >= 3);
    }
}

static void test_places(void **state)
{
    (void)state;
    static const char *const apart[] = {"sgd",     "momentum", "nag",   "adagrad", "adadelta",
                                        "rmsprop", "adam",     "adamw", "nadam",   "adamax"};
    for (int i = 0; i < 10; i++)
        for (int k = 0; k < i; k++)
            assert_int_not_equal(tw__place_of_rule(apart[i]), tw__place_of_rule(apart[k]));
    static const char *const adams[] = {"adam:lr=1e+3", "adam@torch", "adam+ema:decay=0.9",
                                        "clip_global_norm:max=1+clip_value:max=2+adam:lr=0.1"};
    for (int i = 0; i < 4; i++) assert_string_equal(tw__colour_of_rule(adams[i]), tw__colour_of_rule("adam"));
    assert_string_equal(tw__colour_of_rule("adam"), "#ae2b88");
    assert_int_equal(tw__place_of_rule("lion"), tw__place_of_rule("ema:decay=0.9+lion"));
}

enum { MOST = 40 };

static void choose(tw__look *looks, const char *const *specs, size_t n)
{
    for (size_t i = 0; i < n; i++) looks[i].spec = specs[i];
    tw__choose_colours(looks, n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) assert_int_not_equal(looks[i].colour, looks[k].colour);
}

/* Up to ten entries differ in colour, not only in dashes: whatever their rules, and however often a rule is
 * there. */
static void test_ten_of_ten(void **state)
{
    (void)state;
    static const char *const races[][10] = {
        {"adam", "adamw", "lion", "adamax", "muon", "sgd:lr=0.1", "sgd:lr=0.01", "nadam", "radam", "rmsprop"},
        {"sgd", "sgd:lr=1", "sgd:lr=2", "sgd:lr=3", "sgd:lr=4", "sgd:lr=5", "sgd:lr=6", "sgd:lr=7",
         "sgd:lr=8", "sgd:lr=9"},
    };
    tw__look looks[10];
    for (int r = 0; r < 2; r++)
        for (size_t n = 1; n <= 10; n++) {
            choose(looks, races[r], n);
            for (size_t i = 0; i < n; i++) assert_in_range(looks[i].colour, 0, TW__COLOURS - 1);
        }
    const tw_rule *rule;
    for (size_t first = 0; tw_rule_at(first + 9); first++) {
        const char *specs[10];
        for (size_t i = 0; i < 10 && (rule = tw_rule_at(first + i)) != NULL; i++) specs[i] = rule->name;
        choose(looks, specs, 10);
        for (size_t i = 0; i < 10; i++) assert_in_range(looks[i].colour, 0, TW__COLOURS - 1);
    }
}

/* A rule keeps its own colour where it is the first to ask for it, and one at its defaults comes before
 * others. */
static void test_own_colour(void **state)
{
    (void)state;
    static const char *const specs[] = {"sgd:lr=1", "adam:lr=1", "sgd", "sgd:lr=2", "adam"};
    tw__look looks[5];
    choose(looks, specs, 5);
    assert_int_equal(looks[2].colour, tw__place_of_rule("sgd"));
    assert_int_equal(looks[4].colour, tw__place_of_rule("adam"));
    choose(looks, specs, 2);
    assert_int_equal(looks[0].colour, tw__place_of_rule("sgd"));
    assert_int_equal(looks[1].colour, tw__place_of_rule("adam"));
}

/* Of up to sixty no two of one place have the same dashes and the same mark; up to ten have no mark. */
static void test_marks(void **state)
{
    (void)state;
    for (int colour = 0; colour < 6 * TW__COLOURS; colour++) {
        assert_true((tw__mark_of(colour) == 'o') == (colour < TW__COLOURS));
        assert_in_range(tw__dash_of(colour), 0, TW__DASHES - 1);
        assert_true(*tw__mark_path(tw__mark_of(colour)) == 'm');
        for (int other = colour % TW__COLOURS; other < colour; other += TW__COLOURS) {
            assert_int_not_equal(tw__mark_of(colour), tw__mark_of(other));
            assert_string_not_equal(tw__mark_path(tw__mark_of(colour)), tw__mark_path(tw__mark_of(other)));
        }
    }
}

/* With more of them every place is taken as often as any other, give or take one. */
static void test_beyond_ten(void **state)
{
    (void)state;
    char texts[MOST][16];
    const char *specs[MOST];
    tw__look looks[MOST];
    for (size_t i = 0; i < MOST; i++) {
        snprintf(texts[i], sizeof texts[i], "%s:lr=%zu", i % 3 ? "adam" : "lion", i + 1);
        specs[i] = texts[i];
    }
    for (size_t n = 1; n <= MOST; n++) {
        choose(looks, specs, n);
        for (size_t i = 0; i < n; i++)
            assert_in_range(looks[i].colour, 0, (n + TW__COLOURS - 1) / TW__COLOURS * TW__COLOURS - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_apart), cmocka_unit_test(test_hues),
        cmocka_unit_test(test_stand_out),  cmocka_unit_test(test_places),
        cmocka_unit_test(test_ten_of_ten), cmocka_unit_test(test_own_colour),
        cmocka_unit_test(test_beyond_ten), cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
