/* Fuzz target: any text as a formula of x and y. What is understood has a value and a gradient, the same
 * each time; what is refused has a message that names a character.
 * SPDX-License-Identifier: MIT */
#include "one_file.h" /* MUST */
#include "models/formula_gradient.h"

enum { TERMS = 128 };

/* The gradient exists, the same each time, and does not see what the formula does not use. */
static void gradient(const tw_formula *f, const double point[2])
{
    double g[2], again[2];
    const double a = tw__formula_gradient(f, point, g), b = tw__formula_gradient(f, point, again);
    MUST(memcmp(&a, &b, sizeof a) == 0 && memcmp(g, again, sizeof g) == 0);
    for (int k = 0; k < 2; k++) MUST(tw__formula_uses(f, k) || g[k] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const double points[][2] = {{0, 0}, {1, -2}, {0.5, 1e300}, {-1e-300, 7}};
    /* on the heap, where a sanitizer sees one too many */
    tw__term *terms = malloc(TERMS * sizeof *terms);
    tw_error err;
    int used;
    MUST(terms);
    if (tw__formula_read(terms, TERMS, &used, (tw__text){(const char *)bytes, n}, "x y", &err) == TW_OK) {
        const tw_formula f = {used, terms};
        MUST(used > 0 && used <= TERMS);
        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
            double a = tw__formula_value(&f, points[i]), b = tw__formula_value(&f, points[i]),
                   moved[] = {points[i][0], 3};
            MUST(memcmp(&a, &b, sizeof a) == 0);
            b = tw__formula_value(&f, moved);
            MUST(tw__formula_uses(&f, 1) || memcmp(&a, &b, sizeof a) == 0);
            gradient(&f, points[i]);
        }
    } else {
        MUST(err.code == TW_ERR_SPEC && strstr(err.message, ": character "));
    }
    free(terms);
    return 0;
}
