/* The registry of solvers, and reading their specs.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"
#include <string.h>

#define TW__SOLVER(name) extern const tw__solver_type tw__solver_##name;
#include "train/solvers/list.h"
#undef TW__SOLVER
#define TW__SOLVER(name) &tw__solver_##name,
static const tw__solver_type *const types[] = {
#include "train/solvers/list.h"
};
#undef TW__SOLVER
enum { N_TYPES = sizeof types / sizeof types[0] };

const tw__solver_type *tw__solver_type_at(size_t i) { return i < N_TYPES ? types[i] : NULL; }

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return i < N_TYPES ? types[i]->about.name : NULL;
}

const tw__solver_type *tw__solver_type_find(tw__text name)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        const tw_solver *s = &types[i]->about;
        if (tw__text_is(name, s->name) || (s->alias && tw__text_is(name, s->alias))) return types[i];
    }
    return NULL;
}

const tw_solver *tw_solver_at(size_t i) { return i < N_TYPES ? &types[i]->about : NULL; }

const tw_solver *tw_solver_find(const char *name)
{
    const tw__solver_type *type = tw__solver_type_find(tw__text_of(name));
    return type ? &type->about : NULL;
}

static tw_status read_solver(tw_solver_choice *out, const char *text, tw_error *err)
{
    tw__spec spec;
    unsigned char given[TW_OPTIONS_MAX] = {0};
    double initial[TW_OPTIONS_MAX];
    TW_TRY(tw__spec_parse(&spec, tw__text_of(text), err));
    const tw__solver_type *type = tw__solver_type_find(spec.name);
    if (!type) return tw__name_unknown("unknown solver", spec.name, name_at, NULL, err);
    if (spec.dialect.n) return tw__fail(err, TW_ERR_SPEC, "solver \"%s\" has no dialects", type->about.name);
    out->solver = &type->about;
    const tw__table t = {.owner = type->about.name,
                         .options = type->about.options,
                         .n = type->about.n_options};
    for (int i = 0; i < t.n; i++) out->values[i] = initial[i] = t.options[i].initial;
    for (int i = 0; i < spec.n; i++) TW_TRY(tw__option_read(&t, &spec.items[i], out->values, given, err));
    const size_t n = strlen(t.owner);
    memcpy(out->spec, t.owner, n);
    if (tw__options_write(&t, out->values, initial, out->spec + n, sizeof out->spec - n)) return TW_OK;
    return tw__fail(err, TW_ERR_SPEC, "\"%.60s\" is too long", text);
}

tw_status tw_solver_read(tw_solver_choice *out, const char *text, tw_error *err)
{
    TW_NEEDS(err, out);
    *out = (tw_solver_choice){.solver = NULL};
    TW_NEEDS(err, text);
    const tw_status s = read_solver(out, text, err);
    if (s != TW_OK) *out = (tw_solver_choice){.solver = NULL};
    return s;
}
