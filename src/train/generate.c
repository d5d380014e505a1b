/* Texts from models: reading the prompt, then drawing characters.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include "base/random.h"
#include "data/schema.h"
#include "file/utf8.h"
#include "math/elementary.h"
#include "models/nn/network.h"
#include "models/model.h"
#include <math.h>
#include <string.h>
#include <thalweg/generate.h>

/* A network that reads a text. By time: rows of one character, one row for each symbol, so that a character
 * is read by evaluating its row. Else one row of the model's length, in which the text stands, as much as
 * fits. */
typedef struct reader {
    tw_model *model; /* of rows of one character, or NULL */
    tw_objective objective;
    /* that have been learnt; numbers of a prediction, which may be more; characters of a row */
    size_t symbols, outputs, length;
    float *x;
    size_t rows, filled; /* rows in x; characters in the one row */
    char *carried[2];    /* before and after, or NULL */
    void *output;
    double *p; /* of what follows, then a copy to sort */
} reader;

/* ---- making and freeing -------------------------------------------------------------------------------- */

static void free_reader(reader *r, const tw_model *m)
{
    tw_context *const ctx = m->ctx;
    const size_t real = tw_type_size(m->type), carry = r->objective.carry;
    for (int i = 0; i < 2; i++) tw__free(ctx, r->carried[i], carry, real);
    tw__free(ctx, r->output, r->outputs * r->length, real);
    tw__free(ctx, r->p, 2 * r->symbols, sizeof *r->p);
    tw_model_objective_free(&r->objective);
    tw__free(ctx, r->x, r->rows * r->length, sizeof *r->x);
    tw_model_free(r->model);
}

/* The model with the same weights for rows of one character; its tensors do not depend on the length. */
static tw_status make_stepper(tw_model **out, const tw_model *m, tw_error *err)
{
    tw__model_text text;
    const tw__shape one = {.rank = 1, .n = {1}};
    TW_TRY(tw__model_text_read(&text, m->text, err));
    TW_TRY(tw__model_new(out, m->ctx, &text, m->type, m->input, &one, m->classes, err));
    TW_TRY(tw__model_allocate(*out, err));
    memcpy((*out)->w, m->w, m->size * tw_type_size(m->type));
    return TW_OK;
}

static tw_status make_objective(reader *r, tw_model *m, tw_error *err)
{
    tw_model *const used = r->model ? r->model : m;
    const tw__bound on = {.model = used,
                          .ctx = used->ctx,
                          .data = {.size = sizeof on.data,
                                   .rows = r->rows,
                                   .rank = 1,
                                   .shape = {(int64_t)r->length},
                                   .type = TW_F32,
                                   .x = r->x,
                                   .name = "the text"}};
    return used->kind->objective(&on, &r->objective, err);
}

static tw_status make_reader(reader *r, tw_model *m, tw_error *err)
{
    tw_context *const ctx = m->ctx;
    const size_t real = tw_type_size(m->type);
    const int by_time = tw__network_is_by_time(m->state);
    *r = (reader){.objective = TW_OBJECTIVE_INIT,
                  .symbols = (size_t)m->classes,
                  .outputs = (size_t)m->labels,
                  .length = by_time ? 1 : tw__shape_size(&m->in),
                  .rows = by_time ? (size_t)m->classes : 1};
    if (by_time) TW_TRY(make_stepper(&r->model, m, err));
    TW_TRY(tw__alloc(ctx, &r->x, r->rows * r->length, sizeof *r->x, err));
    for (size_t i = 0; by_time && i < r->rows; i++) r->x[i] = (float)i;
    if (!by_time) r->x[0] = (float)(r->symbols - 1); /* the largest index is compared too */
    TW_TRY(make_objective(r, m, err));
    if (!by_time) r->x[0] = 0;
    for (int i = 0; i < 2 && r->objective.carry; i++)
        TW_TRY(tw__alloc(ctx, &r->carried[i], r->objective.carry, real, err));
    TW_TRY(tw__alloc(ctx, &r->output, r->outputs * r->length, real, err));
    return tw__alloc(ctx, &r->p, 2 * r->symbols, sizeof *r->p, err);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static void swap(reader *r)
{
    char *const before = r->carried[0];
    r->carried[0] = r->carried[1];
    r->carried[1] = before;
}

/* Puts a symbol behind those in the row; a full one begins anew where rows hand on their state, and otherwise
 * forgets its first. Returns its place. */
static size_t place(reader *r, size_t symbol)
{
    if (r->filled == r->length && r->objective.carry) {
        memset(r->x, 0, r->length * sizeof *r->x);
        r->filled = 0;
        swap(r);
    } else if (r->filled == r->length) {
        memmove(r->x, r->x + 1, (r->length - 1) * sizeof *r->x);
        r->filled--;
    }
    r->x[r->filled] = (float)symbol;
    return r->filled++;
}

/* Reads a symbol: r->p = the probabilities of what follows. */
static void read_symbol(reader *r, const tw_model *m, size_t symbol)
{
    const size_t at = r->model ? 0 : place(r, symbol);
    const uint64_t row = r->model ? symbol : 0;
    const tw_draw draw = {.number = 0};
    tw_sums sums;
    const tw_eval e = {.size = sizeof e,
                       .want = TW_WANT_OUTPUT,
                       .w = r->model ? r->model->w : m->w,
                       .rows = &row,
                       .n = 1,
                       .draw = &draw,
                       .sums = &sums,
                       .output = r->output,
                       .carry_in = r->carried[0],
                       .carry_out = r->carried[1]};
    (void)r->objective.eval(r->objective.user, &e); /* a network's cannot stop */
    if (r->model && r->carried[0]) swap(r);
    for (size_t i = 0; i < r->symbols; i++)
        r->p[i] = m->type == TW_F64 ? ((const double *)r->output)[at * r->outputs + i]
                                    : (double)((const float *)r->output)[at * r->outputs + i];
}

/* ---- drawing ------------------------------------------------------------------------------------------- */

static size_t likeliest(const double *p, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (p[i] > p[best]) best = i;
    return best;
}

/* Leaves the `top` largest, of equal ones the first. */
static void keep_top(double *p, double *rest, size_t n, uint64_t top)
{
    if (top == 0 || top >= n) return;
    memcpy(rest, p, n * sizeof *p);
    memset(p, 0, n * sizeof *p);
    for (; top > 0; top--) {
        const size_t i = likeliest(rest, n);
        p[i] = rest[i];
        rest[i] = -1;
    }
}

static size_t draw_symbol(reader *r, const tw_generate_options *o, uint64_t number)
{
    const size_t n = r->symbols;
    double sum = 0, up_to = 0;
    size_t last = 0;
    const double most = r->p[likeliest(r->p, n)];
    if (o->temperature == 0 || most == 0) return likeliest(r->p, n);
    keep_top(r->p, r->p + n, n, o->top);
    for (size_t i = 0; i < n; i++) {
        if (o->temperature != 1) r->p[i] = tw__pow_f64(r->p[i] / most, 1 / o->temperature);
        sum += r->p[i];
    }
    const double at = sum * tw__random_unit(o->seed, TW__FOR_TEXT, 0, number);
    for (size_t i = 0; i < n; i++) {
        if (!(r->p[i] > 0)) continue;
        last = i;
        if ((up_to += r->p[i]) > at) break;
    }
    return last;
}

static tw_status make_text(reader *r, const tw_model *m, const tw_generate_options *o, tw__fp_mode callers,
                           tw_error *err)
{
    for (uint64_t i = 0; i < o->characters; i++) {
        const size_t symbol = draw_symbol(r, o, i);
        const tw__fp_mode ours = tw__fp_enter();
        tw__fp_leave(callers);
        const int result = o->put(o->user, m->class_names[symbol]);
        tw__fp_leave(ours);
        if (result) {
            tw__fail(err, TW_STOPPED, "the text was stopped after %llu characters (%d)",
                     (unsigned long long)i + 1, result);
            if (err) err->callback = result;
            return TW_STOPPED;
        }
        if (i + 1 < o->characters) read_symbol(r, m, symbol);
    }
    return TW_OK;
}

/* ---- the prompt ---------------------------------------------------------------------------------------- */

/* The symbol of the character at `text`, of `n` bytes. */
static tw_status symbol_of(const tw_model *m, const char *text, size_t n, size_t *symbol, tw_error *err)
{
    for (*symbol = 0; *symbol < (size_t)m->classes; ++*symbol)
        if (strncmp(m->class_names[*symbol], text, n) == 0 && !m->class_names[*symbol][n]) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "the model has not learnt the character \"%.*s\" of the prompt", (int)n,
                    text);
}

static tw_status read_prompt(reader *r, const tw_model *m, const char *prompt, tw_error *err)
{
    size_t n, symbol;
    if (!*prompt) return tw__fail(err, TW_ERR_SPEC, "a prompt has at least one character");
    for (const char *p = prompt; *p; p += n) {
        if ((n = tw__utf8_length(p)) == 0)
            return tw__fail(err, TW_ERR_SPEC, "byte %zu of the prompt begins no character of UTF-8",
                            (size_t)(p - prompt) + 1);
        TW_TRY(symbol_of(m, p, n, &symbol, err));
        read_symbol(r, m, symbol);
    }
    return TW_OK;
}

static tw_status check(const tw_model *m, const tw_generate_options *o, tw_error *err)
{
    tw__schema schema = TW__SCHEMA_INIT;
    if (m->schema) TW_TRY(tw__schema_read(&schema, m->ctx, m->schema, err));
    const int is_text = schema.is_text && m->kind == &tw__model_network && m->class_names && m->classes > 0;
    tw__schema_free(&schema, m->ctx);
    if (!is_text)
        return tw__fail(err, TW_ERR_SPEC, "%.100s is no model of a text: it was not trained on one", m->text);
    if (tw_model_not_finite(m) != m->size)
        return tw__fail(err, TW_ERR_NOT_FINITE, "weight %zu of the model is not a finite number",
                        tw_model_not_finite(m));
    if (!(o->temperature >= 0 && isfinite(o->temperature)))
        return tw__fail(err, TW_ERR_SPEC, "temperature = %g is not 0 or more", tw__shown(o->temperature));
    return TW_OK;
}

tw_status tw_generate(tw_model *m, const tw_generate_options *given, tw_error *err)
{
    tw_generate_options o;
    reader r;
    TW_NEEDS(err, m && given);
    TW_TRY(tw__sized_read(&o, sizeof o, given, "tw_generate_options", err));
    TW_NEEDS(err, o.put);
    TW_TRY(check(m, &o, err));
    tw_status s = make_reader(&r, m, err);
    if (s == TW_OK) {
        const tw__fp_mode mode = tw__fp_enter();
        (void)r.objective.point(r.objective.user, r.model ? r.model->w : m->w);
        s = read_prompt(&r, m, o.prompt ? o.prompt : "\n", err);
        if (s == TW_OK) s = make_text(&r, m, &o, mode, err);
        tw__fp_leave(mode);
    }
    free_reader(&r, m);
    return s;
}
