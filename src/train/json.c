/* Parts of JSON that jobs and races share.
 * SPDX-License-Identifier: MIT */
#include "train/json.h"
#include "models/model.h"
#include "base/context.h"
#include "base/io.h"
#include "file/utf8.h"
#include <math.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20 };

/* ---- writing ------------------------------------------------------------------------------------------- */

static json_t *epoch_json(tw__json_builder *b, const tw_epoch *e)
{
    json_t *o = tw__json_object(b);
    tw__json_put_natural(b, o, "epoch", e->epoch);
    tw__json_put_real(b, o, "seconds", e->seconds);
    tw__json_put_real(b, o, "loss", e->loss);
    tw__json_put_real(b, o, "accuracy", e->accuracy);
    tw__json_put_real(b, o, "val_loss", e->val_loss);
    tw__json_put_real(b, o, "val_accuracy", e->val_accuracy);
    tw__json_put_real(b, o, "lr", e->lr);
    return o;
}

void tw__json_remove(json_t *json, const char *key)
{
    const char *name;
    size_t i;
    void *next;
    json_t *value;
    json_object_del(json, key);
    json_object_foreach_safe(json, next, name, value) tw__json_remove(value, key);
    json_array_foreach (json, i, value) tw__json_remove(value, key);
}

json_t *tw__json_epochs(tw__json_builder *b, const tw_epoch *lines, size_t n)
{
    json_t *list = tw__json_list(b);
    for (size_t i = 0; i < n; i++) tw__json_append(b, list, epoch_json(b, &lines[i]));
    return list;
}

json_t *tw__json_metrics(tw__json_builder *b, const tw_metrics *m)
{
    json_t *o = tw__json_object(b);
    tw__json_put_real(b, o, "loss", m->loss);
    tw__json_put_real(b, o, "accuracy", m->accuracy);
    return o;
}

tw_status tw__json_fingerprint(const tw_data *train, const tw_data *val, const tw_data *test,
                               const tw_model *from, json_t **out, tw_error *err)
{
    char hash[TW__HASH_DIGITS + 1];
    const struct {
        const char *name;
        const tw_data *data;
    } parts[] = {{"train", train}, {"val", val}, {"test", test}};
    tw__json_builder b = {.err = err};
    json_t *o = tw__json_object(&b);
    for (int i = 0; i < 3; i++) {
        tw_data_info info = {.size = sizeof info};
        if (!parts[i].data) continue;
        if (b.status == TW_OK) b.status = tw_data_info_get(parts[i].data, &info, err);
        tw__json_put_text(&b, o, parts[i].name, info.fingerprint);
    }
    if (from && b.status == TW_OK) b.status = tw__model_hash(from, hash, err);
    if (from && b.status == TW_OK) tw__json_put_text(&b, o, "from", hash);
    return tw__json_take(&b, o, out);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

tw_status tw__json_check_text(const char *what, const char *text, tw_error *err)
{
    return !text || tw__utf8_is_valid(text) ? TW_OK
                                            : tw__fail(err, TW_ERR_SPEC, "%s is not valid UTF-8", what);
}

tw_status tw__json_read_file(tw_context *ctx, const char *path, json_t **out, tw_error *err)
{
    uint8_t *bytes;
    size_t n;
    tw__json_fault fault;
    TW_TRY(tw__read_file(ctx, path, MOST_BYTES, &bytes, &n, err));
    tw_status s = tw__json_parse(ctx, out, (const char *)bytes, n, &fault);
    tw__free(ctx, bytes, n, 1);
    return s == TW_OK ? s : tw__fail_in(err, s, path, fault.line, -1, "%s", fault.text);
}

tw_status tw__json_check_run(const json_t *run, const char *path, tw_error *err)
{
    static const struct {
        const char *key;
        json_type type;
        const char *text;
    } keys[] = {{"format", JSON_INTEGER, "a whole number"},
                {"directory", JSON_STRING, "a text"},
                {"fingerprint", JSON_OBJECT, "an object"},
                {"result", JSON_OBJECT, "an object"}};
    if (!json_object_get(run, "config")) return TW_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *value = json_object_get(run, keys[i].key);
        if (value && json_typeof(value) != keys[i].type)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "%s is not %s", keys[i].key, keys[i].text);
    }
    const json_t *format = json_object_get(run, "format");
    if (!format || json_integer_value(format) == 1) return TW_OK;
    return tw__fail_in(err, TW_ERR_DATA, path, 0, -1, "format = %lld is unknown (format 1 is known)",
                       (long long)json_integer_value(format));
}

static tw_status not_a(const char *type, const json_t *value, const char *name, tw_error *err)
{
    char text[TW__JSON_BRIEF];
    return value ? tw__fail(err, TW_ERR_DATA, "%s = %s is not %s", name, tw__json_brief(value, text), type)
                 : tw__fail(err, TW_ERR_DATA, "\"%s\" is missing", name);
}

tw_status tw__json_read_natural(const json_t *value, const char *name, uint64_t least, uint64_t *to,
                                tw_error *err)
{
    char type[64];
    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        (uint64_t)json_integer_value(value) >= least) {
        *to = (uint64_t)json_integer_value(value);
        return TW_OK;
    }
    snprintf(type, sizeof type, "a whole number of at least %llu", (unsigned long long)least);
    return not_a(type, value, name, err);
}

tw_status tw__json_get_natural(const json_t *object, const char *key, uint64_t least, uint64_t *to,
                               tw_error *err)
{
    return tw__json_read_natural(json_object_get(object, key), key, least, to, err);
}

tw_status tw__json_read_real(const json_t *value, const char *name, double *to, tw_error *err)
{
    if (!json_is_number(value) && !json_is_null(value)) return not_a("a number", value, name, err);
    *to = json_is_number(value) ? json_number_value(value) : NAN;
    return TW_OK;
}

tw_status tw__json_get_real(const json_t *object, const char *key, double *to, tw_error *err)
{
    return tw__json_read_real(json_object_get(object, key), key, to, err);
}

tw_status tw__json_get_text(const json_t *object, const char *key, const char **to, tw_error *err)
{
    *to = json_string_value(json_object_get(object, key));
    return *to ? TW_OK : not_a("a text", json_object_get(object, key), key, err);
}

double tw__json_number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

int tw__json_run_status(const char *name)
{
    for (int i = TW_RUN_GOING; name && i <= TW_RUN_MAX_EPOCHS; i++)
        if (strcmp(name, tw_run_status_name(i)) == 0) return i;
    return -1;
}

/* NaN where the key is absent: it does not apply. */
static tw_status find_real(const json_t *object, const char *key, double *to, tw_error *err)
{
    *to = NAN;
    return json_object_get(object, key) ? tw__json_get_real(object, key, to, err) : TW_OK;
}

tw_status tw__json_read_metrics(const json_t *from, tw_metrics *to, tw_error *err)
{
    *to = (tw_metrics){NAN, NAN, from != NULL};
    if (from && !json_is_object(from)) return not_a("an object", from, "test", err);
    TW_TRY(find_real(from, "loss", &to->loss, err));
    return find_real(from, "accuracy", &to->accuracy, err);
}

static tw_status read_epoch(const json_t *from, uint64_t least, tw_epoch *to, tw_error *err)
{
    TW_TRY(tw__json_get_natural(from, "epoch", least, &to->epoch, err));
    TW_TRY(find_real(from, "seconds", &to->seconds, err));
    TW_TRY(find_real(from, "loss", &to->loss, err));
    TW_TRY(find_real(from, "accuracy", &to->accuracy, err));
    TW_TRY(find_real(from, "val_loss", &to->val_loss, err));
    TW_TRY(find_real(from, "val_accuracy", &to->val_accuracy, err));
    return find_real(from, "lr", &to->lr, err);
}

tw_status tw__json_read_epochs(tw_context *ctx, const json_t *list, tw_epoch **lines, size_t *n,
                               tw_error *err)
{
    tw_error why;
    tw_status s = TW_OK;
    const size_t count = json_array_size(list);
    if (!json_is_array(list)) return not_a("a list", list, "epochs", err);
    TW_TRY(tw__alloc(ctx, lines, count, sizeof **lines, err));
    *n = count;
    for (size_t i = 0; i < count; i++) {
        s = read_epoch(json_array_get(list, i), i ? (*lines)[i - 1].epoch + 1 : 1, &(*lines)[i], &why);
        if (s != TW_OK) return tw__fail(err, s, "epochs[%zu]: %s", i, why.message);
    }
    return TW_OK;
}

static tw_status check_counts(const json_t *result, tw_error *err)
{
    uint64_t n;
    double x;
    TW_TRY(tw__json_get_natural(result, "steps", 0, &n, err));
    TW_TRY(tw__json_get_natural(result, "gradients", 0, &n, err));
    TW_TRY(tw__json_get_real(result, "seconds", &x, err));
    if (json_object_get(result, "skipped")) TW_TRY(tw__json_get_natural(result, "skipped", 0, &n, err));
    /* which an older version did not record */
    if (json_object_get(result, "steps_per_epoch"))
        TW_TRY(tw__json_get_natural(result, "steps_per_epoch", 1, &n, err));
    return TW_OK;
}

static tw_status check_result(tw_context *ctx, const json_t *result, tw_error *err)
{
    const char *status;
    tw_metrics test;
    tw_epoch *epochs = NULL;
    size_t n = 0;
    TW_TRY(tw__json_get_text(result, "status", &status, err));
    if (tw__json_run_status(status) <= TW_RUN_GOING)
        return tw__fail(err, TW_ERR_DATA, "unknown status \"%.40s\"", status);
    TW_TRY(check_counts(result, err));
    if (json_object_get(result, "message")) TW_TRY(tw__json_get_text(result, "message", &status, err));
    TW_TRY(tw__json_read_metrics(json_object_get(result, "test"), &test, err));
    if (!json_is_object(json_object_get(result, "config")))
        return not_a("an object", json_object_get(result, "config"), "config", err);
    tw_status s = tw__json_read_epochs(ctx, json_object_get(result, "epochs"), &epochs, &n, err);
    tw__free(ctx, epochs, n, sizeof *epochs);
    return s;
}

tw_status tw__json_check_result(tw_context *ctx, const json_t *run, const char *path, tw_error *err)
{
    tw_error why;
    const json_t *result = json_object_get(run, "result");
    const tw_status s = result ? check_result(ctx, result, &why) : TW_OK;
    return s == TW_ERR_DATA ? tw__fail_in(err, s, path, 0, -1, "result: %s", why.message)
           : s == TW_OK     ? s
                            : tw__fail(err, s, "%s", why.message);
}
