/* Drawing digits. A digit is a few strokes through points of a 100 x 100 field; each image moves the points,
 * bends the field smoothly, slants, turns, scales and shifts it, and draws the strokes with a round pen. Only
 * + - * / and sqrt in double, in a fixed order, no fma: the bytes are the same on every machine.
 * SPDX-License-Identifier: MIT */
#include "data/digits.h"
#include "base/pool.h"
#include "base/random.h"
#include <math.h>
#include <string.h>

enum { SIDE = TW__DIGIT_SIDE, PIXELS = TW__DIGIT_PIXELS, MOST_POINTS = 24, STEPS = 5, GRID = 4, BATCH = 64 };

/* One way to write a digit: points x, y in percent, strokes parted by -1, the end by -2. A doubled point
 * makes a corner. */
typedef struct style {
    uint8_t digit;
    int8_t xy[2 * MOST_POINTS];
} style;
#define UP -1
#define END -2

static const style styles[] = {
    {0, {52, 5, 28, 15, 18, 48, 28, 85, 50, 95, 72, 85, 82, 50, 72, 15, 50, 5, END}},
    {0, {64, 12, 40, 8, 22, 35, 24, 72, 45, 94, 70, 80, 78, 45, 66, 16, 48, 6, END}},
    {0, {50, 8, 20, 22, 12, 52, 24, 84, 52, 92, 80, 80, 88, 48, 76, 18, 50, 8, END}},
    {1, {50, 4, 50, 35, 50, 65, 50, 96, END}},
    {1, {34, 22, 45, 14, 54, 4, 54, 4, 53, 50, 52, 96, END}},
    {1, {32, 24, 52, 5, 52, 5, 52, 50, 52, 94, UP, 30, 95, 50, 94, 72, 94, END}},
    {2, {22, 26, 34, 8, 58, 5, 74, 20, 70, 42, 48, 66, 20, 93, 20, 93, 48, 92, 82, 93, END}},
    {2, {24, 22, 44, 5, 70, 14, 70, 38, 50, 66, 24, 88, 20, 80, 34, 76, 56, 90, 82, 86, END}},
    {2, {20, 14, 44, 6, 72, 14, 72, 36, 46, 62, 22, 94, 22, 94, 52, 95, 78, 88, END}},
    {3, {22, 16, 44, 5, 70, 14, 68, 36, 44, 47, 44, 47, 70, 54, 78, 76, 54, 95, 20, 84, END}},
    {3, {22, 8, 48, 7, 74, 8, 74, 8, 58, 28, 46, 42, 46, 42, 72, 54, 74, 80, 48, 95, 20, 86, END}},
    {3, {26, 14, 50, 4, 68, 18, 60, 38, 42, 46, 42, 46, 66, 50, 76, 72, 60, 92, 36, 94, 22, 82, END}},
    {4, {34, 6, 28, 32, 22, 56, 22, 56, 50, 56, 82, 54, UP, 66, 8, 64, 50, 60, 95, END}},
    {4, {62, 5, 40, 34, 18, 64, 18, 64, 50, 64, 84, 63, UP, 63, 5, 63, 50, 63, 95, END}},
    {4, {26, 8, 24, 34, 32, 52, 54, 50, 72, 42, UP, 74, 6, 72, 50, 68, 95, END}},
    {5, {76, 7, 50, 7, 30, 8, 30, 8, 27, 26, 24, 44, 24, 44, 50, 38, 76, 54, 72, 82, 44, 95, 20, 84, END}},
    {5,
     {30, 8, 27, 26, 25, 44, 25, 44, 54, 40, 74, 60, 66, 86, 40, 95, 20, 88, UP, 30, 8, 52, 8, 80, 5, END}},
    {5, {78, 6, 54, 8, 36, 14, 28, 40, 28, 40, 56, 42, 72, 62, 60, 88, 34, 95, 18, 86, END}},
    {6, {66, 6, 42, 24, 26, 56, 28, 84, 52, 95, 74, 80, 70, 58, 48, 52, 28, 70, END}},
    {6, {44, 4, 32, 36, 26, 70, 40, 93, 64, 90, 74, 70, 58, 54, 36, 62, 28, 80, END}},
    {6, {74, 12, 52, 6, 30, 30, 22, 62, 36, 92, 64, 90, 76, 70, 62, 52, 40, 56, 26, 74, END}},
    {7, {20, 9, 48, 9, 78, 8, 78, 8, 62, 40, 48, 68, 38, 95, END}},
    {7, {20, 22, 22, 10, 50, 10, 78, 8, 78, 8, 64, 46, 52, 95, END}},
    {7, {20, 9, 48, 9, 78, 8, 78, 8, 60, 42, 44, 95, UP, 34, 52, 54, 50, 74, 50, END}},
    {8, {68, 16, 48, 5,  28, 18, 34, 38, 56, 52, 74, 72, 62, 93,
         38, 94, 24, 76, 38, 54, 62, 38, 70, 18, 60, 8,  END}},
    {8, {50, 5,  28, 16, 32, 40, 50, 48, 70, 38, 72, 16, 50, 5,  UP,
         50, 48, 24, 62, 26, 88, 50, 95, 76, 88, 76, 62, 50, 48, END}},
    {8, {72, 10, 44, 8, 30, 26, 50, 48, 68, 70, 58, 94, 36, 90, 34, 70, 52, 48, 70, 26, 72, 10, END}},
    {9, {72, 22, 54, 5, 30, 16, 28, 40, 48, 50, 68, 36, 72, 20, 72, 20, 70, 56, 64, 95, END}},
    {9, {68, 14, 46, 6, 26, 24, 34, 46, 58, 44, 70, 20, 70, 20, 72, 56, 60, 88, 34, 94, END}},
    {9, {70, 18, 48, 4, 28, 22, 34, 46, 58, 44, 70, 18, 70, 18, 64, 56, 44, 96, END}},
};

enum { STYLES = 3 }; /* of each digit */
_Static_assert(sizeof styles / sizeof *styles == 10 * STYLES, "every digit has as many styles");

typedef struct dice {
    uint64_t seed, next;
    uint32_t image;
} dice;

/* Uniform in [low, high). */
static double uniform(dice *d, double low, double high)
{
    return low + (high - low) * tw__random_unit(d->seed, TW__FOR_DIGITS, d->image, d->next++);
}

/* Nearly normal, mean 0 and deviation 1: the sum of eight 16-bit numbers. */
static double normal(dice *d)
{
    tw__philox4 r = tw__philox(d->seed, (uint32_t)d->next, (uint32_t)(d->next >> 32), d->image,
                               (uint32_t)TW__FOR_DIGITS << 16);
    d->next++;
    int64_t sum = -4 * 65535;
    for (int i = 0; i < 4; i++) sum += (int64_t)(r.word[i] & 0xffff) + (int64_t)(r.word[i] >> 16);
    return (double)sum * (1.0 / 53509.0);
}

/* How this image differs from its style. */
typedef struct hand {
    double xx, xy, yx, yy, x0, y0; /* field to pixels */
    double bend[2][GRID][GRID];    /* shift in pixels at the nodes of a grid over the image */
    double jitter, pen, edge, ink, grain;
} hand;

static hand draw_hand(dice *d)
{
    hand h;
    double turn = 0.06 * normal(d), slant = -0.12 + 0.15 * normal(d), tall = 20.0 + 0.9 * normal(d),
           wide = tall * (0.86 + 0.11 * normal(d));
    /* with t = tan(angle / 2) */
    double c = (1 - turn * turn) / (1 + turn * turn), s = 2 * turn / (1 + turn * turn);
    h.xx = c * wide * 0.01;
    h.xy = (c * slant - s) * tall * 0.01;
    h.yx = s * wide * 0.01;
    h.yy = (s * slant + c) * tall * 0.01;
    h.x0 = 13.5 + 0.75 * normal(d);
    h.y0 = 13.5 + 0.75 * normal(d);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < GRID * GRID; i++) h.bend[k][i / GRID][i % GRID] = 1.1 * normal(d);
    h.jitter = 3.6;
    h.pen = 1.15 + 0.33 * normal(d);
    h.pen = h.pen < 0.5 ? 0.5 : h.pen;
    h.edge = uniform(d, 0.6, 1.1);
    h.ink = uniform(d, 0.75, 1.05);
    h.grain = uniform(d, 0, 28);
    return h;
}

/* A smooth step in [0, 1], for the weights between two nodes. */
static double smooth(double t) { return t * t * (3 - 2 * t); }

static double bend_at(double node[GRID][GRID], double x, double y)
{
    double u = x * ((GRID - 1) / (double)SIDE), v = y * ((GRID - 1) / (double)SIDE);
    u = u < 0 ? 0 : u > GRID - 1.001 ? GRID - 1.001 : u;
    v = v < 0 ? 0 : v > GRID - 1.001 ? GRID - 1.001 : v;
    int i = (int)v, j = (int)u;
    double a = smooth(v - i), b = smooth(u - j);
    double top = node[i][j] + b * (node[i][j + 1] - node[i][j]);
    double bottom = node[i + 1][j] + b * (node[i + 1][j + 1] - node[i + 1][j]);
    return top + a * (bottom - top);
}

typedef struct point {
    double x, y;
} point;

static point place(hand *h, dice *d, const int8_t *xy)
{
    double fx = xy[0] - 50 + h->jitter * normal(d), fy = xy[1] - 50 + h->jitter * normal(d);
    double x = h->x0 + (h->xx * fx + h->xy * fy), y = h->y0 + (h->yx * fx + h->yy * fy);
    return (point){x + bend_at(h->bend[0], x, y), y + bend_at(h->bend[1], x, y)};
}

/* The Catmull-Rom curve from b to c. */
static double between(double a, double b, double c, double d, double t)
{
    return b + 0.5 * t * ((c - a) + t * ((2 * a - 5 * b + 4 * c - d) + t * (3 * (b - c) + (d - a))));
}

/* Lowers `square` to the squared distance from the segment ab where that is less than reach^2. */
static void draw_segment(double square[PIXELS], point a, point b, double reach)
{
    double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy,
           inverse = length > 1e-9 ? 1 / length : 0;
    double left = (a.x < b.x ? a.x : b.x) - reach, right = (a.x < b.x ? b.x : a.x) + reach;
    double top = (a.y < b.y ? a.y : b.y) - reach, bottom = (a.y < b.y ? b.y : a.y) + reach;
    int x0 = left < 0      ? 0
             : left > SIDE ? SIDE
                           : (int)left,
        x1 = right < 0          ? -1
             : right > SIDE - 1 ? SIDE - 1
                                : (int)right;
    int y0 = top < 0      ? 0
             : top > SIDE ? SIDE
                          : (int)top,
        y1 = bottom < 0          ? -1
             : bottom > SIDE - 1 ? SIDE - 1
                                 : (int)bottom;
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            double px = x - a.x, py = y - a.y, t = (px * dx + py * dy) * inverse;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            double ex = px - t * dx, ey = py - t * dy, s = ex * ex + ey * ey;
            square[y * SIDE + x] = s < square[y * SIDE + x] ? s : square[y * SIDE + x];
        }
}

static void draw_stroke(double square[PIXELS], const point *p, int n, double reach)
{
    for (int i = 0; i + 1 < n; i++) {
        point a = p[i > 0 ? i - 1 : 0], b = p[i], c = p[i + 1], d = p[i + 2 < n ? i + 2 : n - 1], from = b;
        for (int k = 1; k <= STEPS; k++) {
            double t = (double)k / STEPS;
            point to = {between(a.x, b.x, c.x, d.x, t), between(a.y, b.y, c.y, d.y, t)};
            draw_segment(square, from, to, reach);
            from = to;
        }
    }
}

static void ink(const double square[PIXELS], const hand *h, dice *d, uint8_t *image)
{
    double reach = h->pen + h->edge;
    for (int i = 0; i < PIXELS; i++) {
        image[i] = 0;
        if (square[i] >= reach * reach) continue;
        double depth = (reach - sqrt(square[i])) / (2 * h->edge), v = depth > 1 ? 1 : smooth(depth);
        v = 255 * v * h->ink + h->grain * uniform(d, -1, 1);
        image[i] = v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)v;
    }
}

uint8_t tw__digit_draw(uint64_t seed, uint32_t number, uint8_t *image)
{
    dice d = {.seed = seed, .next = 0, .image = number};
    int digit = (int)uniform(&d, 0, 10);
    const style *s = &styles[digit * STYLES + (int)uniform(&d, 0, STYLES)];
    hand h = draw_hand(&d);
    double square[PIXELS];
    point p[MOST_POINTS];
    int n = 0;
    for (int i = 0; i < PIXELS; i++) square[i] = 1e9;
    for (const int8_t *xy = s->xy;;) {
        if (*xy >= 0) {
            p[n++] = place(&h, &d, xy);
            xy += 2;
            continue;
        }
        draw_stroke(square, p, n, h.pen + h.edge);
        n = 0;
        if (*xy++ == END) break;
    }
    ink(square, &h, &d, image);
    return (uint8_t)digit;
}

typedef struct job {
    uint64_t seed;
    uint32_t first;
    size_t n;
    uint8_t *images, *labels;
} job;

static void draw_some(void *arg, size_t index, int worker)
{
    (void)worker;
    const job *j = arg;
    size_t end = (index + 1) * BATCH < j->n ? (index + 1) * BATCH : j->n;
    for (size_t i = index * BATCH; i < end; i++)
        j->labels[i] = tw__digit_draw(j->seed, j->first + (uint32_t)i, j->images + i * PIXELS);
}

void tw__digits_draw(tw_context *ctx, uint64_t seed, uint32_t first, size_t n, uint8_t *images,
                     uint8_t *labels)
{
    job j = {.seed = seed, .first = first, .n = n, .images = images, .labels = labels};
    tw__pool_run(ctx, (n + BATCH - 1) / BATCH, draw_some, &j);
}
