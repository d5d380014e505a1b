/* The controls of a run: reading their list, showing them what they monitor, the product of their factors,
 * their state.
 * SPDX-License-Identifier: MIT */
#include "train/controls/control.h"
#include "train/lists.h"
#include <stdio.h>
#include <string.h>

enum { MOST = 8 };

struct tw__controls {
    tw_context *ctx;
    int n;
    tw__control all[MOST];
    char text[MOST * TW_SPEC_MAX];
};

static tw_status check_company(const tw__controls *to, const tw_control_choice *fresh, tw_error *err)
{
    for (int i = 0; i < to->n; i++) {
        const tw_control_choice *there = &to->all[i].choice;
        if (strcmp(there->spec, fresh->spec) == 0)
            return tw__fail(err, TW_ERR_SPEC, "control %.200s is listed twice", fresh->spec);
        if (there->control->every_step && fresh->control->every_step)
            return tw__fail(err, TW_ERR_SPEC,
                            "%.200s beside %.200s: only one control can decide the length of every step",
                            fresh->spec, there->spec);
    }
    if (to->n == MOST) return tw__fail(err, TW_ERR_SPEC, "more than %d controls", MOST);
    return TW_OK;
}

static int is_control(const char *name) { return tw_control_find(name) != NULL; }

static tw_status add(tw__controls *to, tw__text word, const tw__control_setting *s, tw_error *err)
{
    tw_control_choice choice;
    char alone[TW_SPEC_MAX];
    snprintf(alone, sizeof alone, "%.*s", (int)(word.n < sizeof alone ? word.n : 0), word.at);
    TW_TRY(tw__list_check(alone, "controls", is_control, err));
    TW_TRY(tw__control_read(&choice, word, err));
    TW_TRY(check_company(to, &choice, err));
    tw__control *c = &to->all[to->n++];
    *c = (tw__control){.type = tw__control_type_find(tw__text_of(choice.control->name)),
                       .ctx = to->ctx,
                       .choice = choice,
                       .factor = 1,
                       .real = s->train->type,
                       .size = s->size};
    size_t n = strlen(to->text);
    snprintf(to->text + n, sizeof to->text - n, "%s%s", n ? " " : "", choice.spec);
    return c->type->create(c, s, err);
}

tw_status tw__controls_create(tw__controls **out, tw_context *ctx, const char *text,
                              const tw__control_setting *s, tw_error *err)
{
    static const char spaces[] = " \t\r\n";
    tw__controls *to;
    *out = NULL;
    if (!text || !text[strspn(text, spaces)]) return TW_OK;
    TW_TRY(tw__alloc(ctx, &to, 1, sizeof *to, err));
    to->ctx = ctx;
    tw_status status = TW_OK;
    for (const char *p = text + strspn(text, spaces); status == TW_OK && *p; p += strspn(p, spaces)) {
        tw__text word = {p, strcspn(p, spaces)};
        status = add(to, word, s, err);
        p += word.n;
    }
    if (status == TW_OK) *out = to;
    else tw__controls_free(to);
    return status;
}

void tw__controls_free(tw__controls *to)
{
    if (!to) return;
    for (int i = 0; i < to->n; i++)
        if (to->all[i].type->free) to->all[i].type->free(&to->all[i]);
    tw__free(to->ctx, to, 1, sizeof *to);
}

const char *tw__controls_text(const tw__controls *to) { return to ? to->text : NULL; }

int tw__controls_search(const tw__controls *to)
{
    for (int i = 0; to && i < to->n; i++)
        if (to->all[i].type->step) return 1;
    return 0;
}

static double product(const tw__controls *to, int of_steps)
{
    double factor = 1;
    for (int i = 0; to && i < to->n; i++)
        if ((to->all[i].type->step != NULL) == of_steps) factor *= to->all[i].factor;
    return factor;
}

/* In this order, which a search follows to the bit. */
double tw__controls_factor(const tw__controls *to) { return product(to, 0) * product(to, 1); }

static void note_end(const tw__control *c, int *status)
{
    if (c->status != TW_RUN_GOING) *status = c->status;
}

tw_status tw__controls_step(tw__controls *to, tw__trial *t, int *status, tw_error *err)
{
    t->others = product(to, 0);
    for (int i = 0; to && i < to->n; i++) {
        if (!to->all[i].type->step) continue;
        TW_TRY(to->all[i].type->step(&to->all[i], t, err));
        note_end(&to->all[i], status);
    }
    return TW_OK;
}

void tw__controls_epoch(tw__controls *to, const tw_epoch *line, int *status)
{
    for (int i = 0; to && i < to->n; i++) {
        if (!to->all[i].type->epoch) continue;
        to->all[i].type->epoch(&to->all[i], line);
        note_end(&to->all[i], status);
    }
}

tw_status tw__controls_visit(tw__controls *to, tw_visitor *v, tw_error *err)
{
    for (int i = 0; to && i < to->n; i++) {
        tw__control *c = &to->all[i];
        double numbers[1 + TW__CONTROL_STATE];
        const int64_t n = 1 + TW__CONTROL_STATE;
        char name[64];
        snprintf(name, sizeof name, "control.%d.%s", i, c->choice.control->name);
        numbers[0] = c->factor;
        memcpy(numbers + 1, c->state, sizeof c->state);
        TW_TRY(v->field(v, name, TW_F64, 1, &n, numbers, err));
        if (v->loading != TW_LOAD) continue;
        if (!(numbers[0] >= 0 && numbers[0] <= 1))
            return tw__fail(err, TW_ERR_DATA, "the stored factor of %s, %g, is outside [0, 1]", name,
                            numbers[0]);
        c->factor = numbers[0];
        memcpy(c->state, numbers + 1, sizeof c->state);
    }
    return TW_OK;
}
