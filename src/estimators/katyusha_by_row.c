/* katyusha, fused: of a row its slope at the snapshot is remembered, and a step costs what the row holds.
 *
 * Where a row has a 0, a weight's direction is that of the full gradient, g. What an update then does is a
 * linear map of the weight's numbers,
 *     sum = sum / theta + y,  z = (z - alpha g) / (1 + alpha l2),
 *     y = (tau1 z + u / 2 + (1/2 - tau1) y - lr g) / (1 + lr l2),
 * the same for all weights and, while lr stays, in all updates of a round. So the weight makes up for k
 * updates by the map's k-th power, when it is next touched. With l1 that is so while z and y keep their
 * signs, l1 then being part of g; else the updates are made one after the other.
 *
 * The next snapshot is a mean of the round's y, each theta = 1 + alpha sigma times as heavy as the one
 * before: `sum` by `count`, in units of the last one's weight, which do not overflow. An update begins by
 * adding the y that it finds.
 * SPDX-License-Identifier: MIT */
#include "estimators/katyusha.h"
#include "base/cpu.h"
#include "math/soft.h"
#include "models/row.h"
#include <math.h>

/* Updates after which all weights are brought up to date. */
enum { MOST_TICKS = 2048 };

/* A weight. pull: of the drawn rows beside g; last: the tick when it was up to date. */
typedef struct cell {
    double z, y, sum, u, g, pull, last;
} cell;
enum { NUMBERS = sizeof(cell) / sizeof(double) };

/* The map's power, by what pulls at z and at y: z = zz z + zg gz, y = yz z + yy y + yu u + yv gz + yg gy, and
 * sum = ss sum + sz z + sy y + su u + sv gz + sg gy. */
typedef struct power {
    double zz, zg, yz, yy, yu, yv, yg, ss, sz, sy, su, sv, sg;
} power;

struct tw__points {
    cell *cell; /* of each weight, then of each intercept, which every update moves */
    size_t n;
    double tau1, lr, alpha, theta; /* of the updates since all weights were up to date */
    double count;
    size_t ticks, powers; /* these updates; powers that are there */
    power power[MOST_TICKS + 1];
};

/* ---- one weight ---------------------------------------------------------------------------------------- */

static double x_of(const tw__points *p, const cell *c)
{
    return p->tau1 * c->z + TW__TAU2 * c->u + (1 - TW__TAU2 - p->tau1) * c->y;
}

static void add_y(const tw__points *p, cell *c) { c->sum = c->sum / p->theta + c->y; }

/* An update but for its beginning, with penalties. */
static void move(const tw__points *p, cell *c, double l1, double l2)
{
    const double d = c->pull + c->g, x = x_of(p, c);
    c->z = tw__soft(c->z - p->alpha * d, p->alpha * l1) / (1 + p->alpha * l2);
    c->y = tw__soft(x - p->lr * d, p->lr * l1) / (1 + p->lr * l2);
    c->pull = 0;
}

static int sign_of(double x) { return (x > 0) - (x < 0); }

/* What pulls at z and y in all of the next n updates. With l1 that is g and l1's sign, if both keep theirs or
 * stay 0: z goes one way, and so does what is added to a positive share of y. Returns 0 if they may not. */
static int find_pull(const tw__points *p, const cell *c, size_t n, double l1, double *gz, double *gy)
{
    const power *last = &p->power[n - 1], *end = last + 1;
    const double by = p->lr * l1;
    const int z_stays = c->z == 0 && __builtin_fabs(c->g) <= l1, sign = sign_of(c->y);
    *gz = z_stays ? 0 : c->g + l1 * sign_of(c->z);
    *gy = c->g + l1 * sign;
    if (!(l1 > 0)) return 1;
    if (!z_stays && !((end->zz * c->z + end->zg * *gz) * sign_of(c->z) > 0)) return 0;
    const double others = TW__TAU2 * c->u - p->lr * *gy, first = p->tau1 * c->z + others,
                 most = p->tau1 * (last->zz * c->z + last->zg * *gz) + others;
    return sign ? first * sign > 0 && most * sign > 0
                : __builtin_fabs(first) <= by && __builtin_fabs(most) <= by;
}

/* n updates at once; with l1 a y of 0 stays there. */
static void jump(const tw__points *p, cell *c, size_t n, double l1, double gz, double gy)
{
    const power *k = &p->power[n];
    const cell was = *c;
    c->z = k->zz * was.z + k->zg * gz;
    c->sum = k->ss * was.sum;
    if (l1 > 0 && was.y == 0) return;
    c->sum += k->sz * was.z + k->sy * was.y + k->su * was.u + k->sv * gz + k->sg * gy;
    c->y = k->yz * was.z + k->yy * was.y + k->yu * was.u + k->yv * gz + k->yg * gy;
}

/* The updates that did not touch it. */
static void catch_up(const tw__by_row *z, const tw__points *p, cell *c)
{
    const double l1 = z->f->l1;
    size_t missed = p->ticks - (size_t)c->last;
    double gz, gy;
    c->last = (double)p->ticks;
    for (size_t most = 1; missed > 0; most *= 2) {
        if (find_pull(p, c, missed, l1, &gz, &gy)) {
            jump(p, c, missed, l1, gz, gy);
            return;
        }
        for (size_t i = 0; i < most && missed > 0; i++, missed--) {
            add_y(p, c);
            move(p, c, l1, z->f->l2);
        }
    }
}

/* ---- powers -------------------------------------------------------------------------------------------- */

static power next_power(const tw__points *p, const power *k, double l2)
{
    const double by = 1 / (1 + p->alpha * l2), over = 1 / (1 + p->lr * l2), stay = 1 - TW__TAU2 - p->tau1;
    return (power){.ss = k->ss / p->theta,
                   .sz = k->sz / p->theta + k->yz,
                   .sy = k->sy / p->theta + k->yy,
                   .su = k->su / p->theta + k->yu,
                   .sv = k->sv / p->theta + k->yv,
                   .sg = k->sg / p->theta + k->yg,
                   .zz = by * k->zz,
                   .zg = by * (k->zg - p->alpha),
                   .yz = over * (p->tau1 * k->zz + stay * k->yz),
                   .yy = over * (stay * k->yy),
                   .yu = over * (TW__TAU2 + stay * k->yu),
                   .yv = over * (p->tau1 * k->zg + stay * k->yv),
                   .yg = over * (stay * k->yg - p->lr)};
}

static void find_powers(const tw__by_row *z)
{
    tw__points *p = z->points;
    if (!p->powers) p->power[p->powers++] = (power){.zz = 1, .yy = 1, .ss = 1};
    for (; p->powers <= p->ticks; p->powers++)
        p->power[p->powers] = next_power(p, &p->power[p->powers - 1], z->f->l2);
}

/* ---- all weights --------------------------------------------------------------------------------------- */

static void settle(tw__by_row *z)
{
    tw__points *p = z->points;
    for (size_t i = 0; i < z->n; i++) {
        catch_up(z, p, &p->cell[i]);
        p->cell[i].last = 0;
    }
    p->ticks = 0;
}

static double weight(const tw__by_row *z, size_t i)
{
    cell c = z->points->cell[i];
    if (i < z->n) catch_up(z, z->points, &c);
    return c.y;
}

/* The lengths of this update's steps. */
static void set_pace(tw__by_row *z, uint64_t number)
{
    tw__points *p = z->points;
    const double tau1 = tw__katyusha_tau(z->e, number, z->lr);
    if (p->tau1 == tau1 && p->lr == z->lr && p->ticks < MOST_TICKS) return;
    settle(z);
    if (p->tau1 == tau1 && p->lr == z->lr) return;
    p->tau1 = tau1;
    p->lr = z->lr;
    p->alpha = tau1 > 0 ? z->lr / tau1 : 0;
    p->theta = 1 + p->alpha * tw__katyusha_convexity(z->e);
    p->powers = 0;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* The cells of a row's numbers that are not 0, in order: X, and the cell. */
#define EACH(z, r, k, body)                                                                                 \
    for (size_t i_ = 0; i_ < (r)->n; i_++) {                                                                \
        const double X = tw__row_number((z)->f->row_type, (z)->e->real, r, i_);                             \
        cell *const c = &(z)->points->cell[(k) * (z)->f->columns + ((r)->columns ? (r)->columns[i_] : i_)]; \
        if (X == 0) continue;                                                                               \
        body;                                                                                               \
    }

static cell *intercept(const tw__by_row *z, size_t k)
{
    return z->f->intercept ? &z->points->cell[z->n + k] : NULL;
}

/* The slopes of a row at x, or at the snapshot, into `to`. */
static void look(tw__by_row *z, uint64_t row, const tw_row *r, int at_snapshot, double *to, tw_sums *sums)
{
    const tw__points *p = z->points;
    for (size_t k = 0; k < z->f->outputs; k++) {
        double score = 0;
        if (at_snapshot) EACH(z, r, k, score += X * c->u)
        else EACH(z, r, k, catch_up(z, p, c); score += X * x_of(p, c))
        const cell *bias = intercept(z, k);
        if (bias) score += at_snapshot ? bias->u : x_of(p, bias);
        z->score[k] = score;
    }
    tw__by_row_slopes(z, row, to, sums);
}

static void pull(tw__by_row *z, const tw_row *r, size_t k, double by)
{
    cell *bias = intercept(z, k);
    EACH(z, r, k, c->pull += X * by)
    if (bias) bias->pull += by;
}

/* Every row at the snapshot: its slope, and the mean gradient. */
static void look_at_all(tw__by_row *z)
{
    tw__points *p = z->points;
    const size_t outputs = z->f->outputs;
    tw_sums all = {0};
    for (uint64_t i = 0; i < z->e->n_rows; i++) {
        tw_row r;
        double *slope = z->slope + i * outputs;
        z->f->row(z->f->user, i, &r);
        look(z, i, &r, 1, slope, &all);
        for (size_t k = 0; k < outputs; k++) pull(z, &r, k, slope[k]);
    }
    for (size_t i = 0; i < p->n; i++) {
        p->cell[i].g = p->cell[i].pull / all.weight;
        p->cell[i].pull = 0;
    }
    z->row_weight = all.weight / (double)z->e->n_rows;
    z->evaluated += z->e->n_rows;
}

/* All weights are up to date. */
static void take_snapshot(tw__by_row *z, const tw__update *u)
{
    tw__points *p = z->points;
    p->count = p->count / p->theta + 1;
    for (size_t i = 0; i < p->n; i++) {
        cell *c = &p->cell[i];
        add_y(p, c);
        c->u = u->number > 0 ? c->sum / p->count : c->y;
        c->sum = 0;
    }
    p->count = 0;
    look_at_all(z);
}

/* ---- an update ----------------------------------------------------------------------------------------- */

static void look_at_drawn(tw__by_row *z, tw__update *u)
{
    const size_t outputs = z->f->outputs;
    u->sums = (tw_sums){0};
    z->evaluated += u->n;
    for (size_t i = 0; i < u->n; i++) {
        z->f->row(z->f->user, u->rows[i], &z->row[i]);
        look(z, u->rows[i], &z->row[i], 0, z->fresh + i * outputs, &u->sums);
    }
    const double by = 1 / ((double)u->n * z->row_weight);
    for (size_t i = 0; i < u->n; i++)
        for (size_t k = 0; k < outputs; k++)
            pull(z, &z->row[i], k, by * (z->fresh[i * outputs + k] - z->slope[u->rows[i] * outputs + k]));
}

/* The weights that the drawn rows touch, each once. */
static void move_touched(tw__by_row *z, const tw__update *u)
{
    tw__points *p = z->points;
    const double now = (double)p->ticks, next = now + 1;
    p->count = p->count / p->theta + 1;
    for (size_t i = 0; i < u->n; i++)
        for (size_t k = 0; k < z->f->outputs; k++)
            EACH(
                z, &z->row[i], k, if (c->last == now) {
                    add_y(p, c);
                    move(p, c, z->f->l1, z->f->l2);
                    c->last = next;
                })
    for (size_t i = z->n; i < p->n; i++) {
        add_y(p, &p->cell[i]);
        move(p, &p->cell[i], 0, 0);
    }
    p->ticks++;
    find_powers(z);
}

static void start(tw__by_row *z, const void *w)
{
    const tw__points *p = z->points;
    for (size_t i = 0; i < p->n; i++) p->cell[i].z = p->cell[i].y = tw__by_row_weight(z->e, w, i);
}

static void update(tw__by_row *z, tw__update *u)
{
    tw__points *p = z->points;
    const int begins = u->number % tw__katyusha_round(z->e) == 0;
    if (u->number == 0) start(z, u->w);
    set_pace(z, u->number);
    if (begins) {
        settle(z);
        take_snapshot(z, u);
    }
    look_at_drawn(z, u);
    if (!begins) move_touched(z, u);
    for (size_t i = 0; begins && i < p->n; i++)
        move(p, &p->cell[i], i < z->n ? z->f->l1 : 0, i < z->n ? z->f->l2 : 0);
}

/* ---- making and keeping -------------------------------------------------------------------------------- */

static double bytes(const tw__by_row *z) { return (double)z->e->size * sizeof(cell); }

static void destroy(tw__by_row *z)
{
    tw__points *p = z->points;
    if (!p) return;
    tw__free(z->e->ctx, p->cell, p->n, sizeof *p->cell);
    tw__free(z->e->ctx, p, 1, sizeof *p);
}

static tw_status create(tw__by_row *z, tw_error *err)
{
    tw__points *p;
    TW_TRY(tw__alloc(z->e->ctx, &p, 1, sizeof *p, err));
    z->points = p;
    p->n = z->e->size;
    p->theta = 1;
    return tw__alloc(z->e->ctx, &p->cell, p->n, sizeof *p->cell, err);
}

static tw_status visit(tw__by_row *z, tw_visitor *v, tw_error *err)
{
    tw__points *p = z->points;
    double pace[] = {p->tau1, p->lr, p->alpha, p->theta, p->count, (double)p->ticks, z->row_weight};
    int64_t cells[] = {(int64_t)p->n, NUMBERS}, n = sizeof pace / sizeof *pace;
    TW_TRY(v->field(v, "estimator.points", TW_F64, 2, cells, p->cell, err));
    TW_TRY(v->field(v, "estimator.pace", TW_F64, 1, &n, pace, err));
    if (v->loading != TW_LOAD) return TW_OK;
    int fits = pace[5] >= 0 && pace[5] <= MOST_TICKS && pace[5] == floor(pace[5]) && pace[3] >= 1;
    for (int64_t i = 0; i < n; i++) fits = fits && isfinite(pace[i]);
    for (size_t i = 0; fits && i < p->n; i++) {
        const double last = p->cell[i].last;
        fits = last >= 0 && last <= pace[5] && last == floor(last);
    }
    if (!fits)
        return tw__fail(err, TW_ERR_DATA, "the stored weights of %s do not fit its clock",
                        z->e->type->about.name);
    p->tau1 = pace[0], p->lr = pace[1], p->alpha = pace[2], p->theta = pace[3], p->count = pace[4];
    p->ticks = (size_t)pace[5];
    z->row_weight = pace[6];
    p->powers = 0;
    find_powers(z);
    return TW_OK;
}

static const tw__points_type points =
    {.bytes = bytes, .create = create, .free = destroy, .settle = settle, .weight = weight, .visit = visit};
const tw__by_row_form tw__katyusha_by_row = {.remembers = 1, .update = update, .points = &points};
