/* Metrics as JSON.
 * SPDX-License-Identifier: MIT */
#include "file/json.h"
#include "train/json.h"
#include "train/metrics/metric.h"

static json_t *matrix_json(tw__json_builder *b, const tw_score *s)
{
    json_t *rows = tw__json_list(b);
    for (size_t i = 0; i < s->n; i++) tw__json_append(b, rows, tw__json_reals(b, s->matrix + i * s->n, s->n));
    return rows;
}

static json_t *classes_json(tw__json_builder *b, const tw_model *m, size_t n)
{
    char text[TW_CLASS_TEXT];
    json_t *names = tw__json_list(b);
    for (size_t i = 0; i < n; i++)
        tw__json_append(b, names, tw__json_text_value(b, tw_model_class_text(m, i, text)));
    return names;
}

/* Of each of several targets its name, if the model has one, and its metrics; NULL: there are none. */
static json_t *targets_json(tw__json_builder *b, const tw_scores *scores, const tw_model *m)
{
    const tw_score *s;
    size_t i = 0;
    while ((s = tw_scores_at(scores, i)) != NULL && !s->of_target) i++;
    if (!s) return NULL;
    const size_t n = s->n;
    json_t *all = tw__json_list(b);
    for (size_t k = 0; k < n; k++) {
        json_t *its = tw__json_object(b);
        if (m) tw__json_put_text(b, its, "name", tw_model_target_name(m, k));
        for (i = 0; (s = tw_scores_at(scores, i)) != NULL; i++)
            if (s->of_target) tw__json_put(b, its, s->metric->name, tw__json_real(b, s->of_target[k]));
        tw__json_append(b, all, its);
    }
    return all;
}

json_t *tw__scores_json(tw__json_builder *b, const tw_scores *scores, const tw_model *m)
{
    const tw_score *s;
    json_t *all = tw__json_object(b), *notes = NULL, *targets = targets_json(b, scores, m);
    for (size_t i = 0; (s = tw_scores_at(scores, i)) != NULL; i++) {
        if (s->matrix && m) tw__json_put(b, all, "classes", classes_json(b, m, s->n));
        if (s->matrix) tw__json_put(b, all, s->metric->name, matrix_json(b, s));
        else tw__json_put(b, all, s->metric->name, tw__json_real(b, s->value));
        if (!s->note[0]) continue;
        if (!notes) notes = tw__json_object(b);
        tw__json_put_text(b, notes, s->metric->name, s->note);
    }
    if (targets) tw__json_put(b, all, "targets", targets);
    if (notes) tw__json_put(b, all, "notes", notes);
    return all;
}

tw_status tw_scores_json(tw_scores *scores, const tw_model *model, const char **text, tw_error *err)
{
    TW_MAKES(err, text, scores);
    tw__json_builder b = {.err = err};
    json_t *all;
    char *fresh;
    TW_TRY(tw__json_take(&b, tw__scores_json(&b, scores, model), &all));
    const tw_status s = tw__json_text(scores->ctx, all, JSON_INDENT(2), &fresh, err);
    json_decref(all);
    if (s != TW_OK) return s;
    tw__free_text(scores->ctx, scores->json);
    *text = scores->json = fresh;
    return TW_OK;
}
