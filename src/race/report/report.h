/* The page while it is written. Each part of it is one file; fill.c puts them into assets/report.html.
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_REPORT_H
#define TW_RACE_REPORT_H
#include "race/colours.h"
#include "race/report/contours.h"
#include "race/report/medians.h"
#include "race/run.h"
#include "race/svg.h"
#include "race/strbuf.h"

/* What has curves: on data the first four, on a surface its value. */
typedef struct tw__quantity {
    const char *key, *name;
    enum tw__measure measure;
    int is_share;
} tw__quantity;
enum { TW__QUANTITIES = 6 };
typedef struct tw__axis_name {
    const char *key, *name, *unit;
} tw__axis_name;
extern const tw__axis_name tw__axes[TW__AXES];

typedef struct tw__page tw__page;
/* What stands for {{name}} in assets/report.html; put NULL: nothing. */
typedef struct tw__part {
    const char *name;
    void (*put)(tw__page *g);
} tw__part;

struct tw__page {
    const tw_race *race;
    /* run.h: the page is of a single run, and the race's optimizers are its sets; else NULL */
    const struct tw__run_page *run;
    const tw__part *parts;          /* beside those that every page has */
    const tw__quantity *quantities; /* TW__QUANTITIES */
    tw__strbuf p;
    /* TW__QUANTITIES for each entry, in the page's order */
    tw__curve *curves;
    tw__relief relief; /* on a surface */
    /* of the scale of values that change their sign; else 0 */
    double linear;
    double *scratch; /* two for each entry */
};
/* fill.c: a page. Of a run, whose curves are drawn as entries of a race, too. Freed by tw__free_text. */
typedef struct tw__page_kind {
    const tw__part *parts;
    const tw__quantity *quantities;
    const struct tw__run_page *run;
} tw__page_kind;
tw_status tw__page_make(const tw_race *race, const tw__page_kind *kind, char **out, tw_error *err);

/* Entries as the page lists them, best first. */
const tw__entry *tw__page_entry(const tw__page *g, size_t i);
const tw__curve *tw__page_curve(const tw__page *g, size_t i, int quantity);
enum tw__measure tw__page_curve_measure(const tw__page *g, size_t i, int quantity);
/* Whether an entry has such a curve, and whether there are places on such an axis. */
int tw__page_has(const tw__page *g, int quantity);
int tw__page_has_axis(const tw__page *g, int axis);
/* Whether the surface's least value is known, and that value; 0 where it is not, and on data. */
int tw__page_has_floor(const tw__page *g);
double tw__page_floor(const tw__page *g);
/* Curves that end far apart are shown on a logarithmic axis. */
int tw__page_wants_log(const tw__page *g, int quantity);
const char *tw__page_subject(const tw_race *race); /* its data or surface, in short */
/* The measure by which entries are ordered, and its name. */
enum tw__measure tw__page_measure(const tw_race *race);
const char *tw__page_measure_name(const tw_race *race);

/* One picture of curves. On a logarithmic axis what has a floor is shown as its distance to it: an accuracy
 * to 1, a surface's value to its least; values without one that change their sign are on a scale of both
 * signs. */
typedef struct tw__view {
    int quantity, axis, is_log, is_share;
    double floor, linear;
} tw__view;
double tw__page_shown(const tw__view *view, double y);
/* A little wider than low .. high, which are above 0 for a log scale. */
tw__scale tw__page_scale(double low, double high, int is_log);
void tw__page_fit(tw__page *g, const tw__view *view, tw__scale *x, tw__scale *y);
/* The first quantity that has curves against the first axis. */
tw__view tw__page_view(const tw__page *g);
void tw__page_keys(tw__page *g); /* the list of optimizers and their lines */
/* A section up to its heading; a table in it, which the heading names, up to its first column's head; its
 * end. */
void tw__page_open(tw__page *g, const char *id, const char *title);
void tw__page_open_table(tw__page *g, const char *id, const char *first);
void tw__page_close_table(tw__page *g);
void tw__page_target_table(tw__page *g);

/* Charts as wide as the page are drawn twice, and the style shows one: for a page, and for a telephone. */
typedef struct tw__size {
    const char *kind;
    double width, height;
} tw__size;
enum { TW__SIZES = 2 };
extern const tw__size tw__sizes[TW__SIZES];

enum tw__form { TW__AS_LOSS, TW__AS_SHARE, TW__AS_SECONDS, TW__AS_COUNT, TW__AS_PLAIN };
void tw__page_number(tw__page *g, enum tw__form form, double value);
void tw__page_count(tw__page *g, const char *name, uint64_t n); /* a fact, in a list of facts */
static inline const char *tw__plural(uint64_t n) { return n == 1 ? "" : "s"; }
/* A word for what is over seeds, or else over folds. */
static inline const char *tw__page_either(const tw__page *g, const char *seeds, const char *folds)
{
    return g->race->o.job.cv ? folds : seeds;
}
/* A cell: the median, and below it the quartiles where they differ. is_best: in bold. */
void tw__page_cell(tw__page *g, enum tw__form form, tw__spread spread, int is_best);
/* A spec that may be broken after its colon and commas; the short line in its colour and dashes, with its
 * mark; a row's head of both. */
void tw__page_spec(tw__page *g, const char *spec);
void tw__page_key(tw__page *g, const tw__entry *entry);
void tw__page_row(tw__page *g, const tw__entry *entry);
/* the rate it was raced with, if it was tuned */
void tw__page_tuned(tw__page *g, const tw__entry *entry);
/* "2 of 3 seeds", if not all of its runs are in */
void tw__page_missing(tw__page *g, const tw__entry *entry);
/* "c3 d1": the classes of a colour and its dashes. */
const char *tw__page_class(const tw__entry *entry, char to[16]);
/* The class of an entry's marks: "dot", or "sign" where it has one of its own. They stand about every 15 % of
 * a picture's width, and where the first does, as a share of that, differs from entry to entry of the
 * page. */
const char *tw__page_mark_class(const tw__entry *entry);
#define TW__MARK_EVERY 0.15
double tw__page_first_mark(const tw__page *g, size_t i);

/* The picture of the surface is 1000 units wide and so high. A path is told in every stride-th step, about
 * `most` of them, and its last. */
double tw__stage_height(const tw__relief *relief);
size_t tw__trajectory_stride(const tw__trajectory *trajectory, size_t most);

/* What a target is reached with; and the share of an entry's runs that reached it with at most `factor` times
 * what the best run of their seed needed. */
enum tw__cost { TW__COST_GRADIENTS, TW__COST_SECONDS, TW__COSTS };
double tw__profile_at(const tw_race *race, const tw__entry *entry, enum tw__cost by, double factor);

/* Parts, each with its section around it, or nothing where it has nothing to show. */
void tw__page_lead(tw__page *g);
void tw__page_setting(tw__page *g);
void tw__page_surface(tw__page *g);
void tw__page_curves(tw__page *g);
void tw__page_results(tw__page *g);
void tw__page_rates(tw__page *g);
void tw__page_target(tw__page *g);
void tw__page_cards(tw__page *g);
void tw__page_run_card(tw__page *g); /* the optimizer of a single run */
void tw__page_data(tw__page *g);
/* An equation as text, written as one reads it: Greek letters, powers raised, indices lowered. */
void tw__put_equation(tw__strbuf *p, const char *text);
#endif
