/* Parts of JSON that jobs and races share.
 * SPDX-License-Identifier: MIT */
#include "train/json.h"
#include "base/context.h"
#include "base/io.h"
#include "file/json_parse.h"
#include <math.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20 };

tw_status tw__json_no_memory(tw_error *err) { return tw__fail(err, TW_ERR_MEMORY, "out of memory for JSON"); }

json_t *tw__json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

int tw__json_number(json_t *object, const char *key, double value)
{
    return isnan(value) ? 0 : json_object_set_new(object, key, tw__json_real(value));
}

int tw__json_skipped(json_t *object, uint64_t skipped)
{
    return skipped ? json_object_set_new(object, "skipped", json_integer((json_int_t)skipped)) : 0;
}

json_t *tw__json_unless(int bad, json_t *object)
{
    if (!bad && object) return object;
    json_decref(object);
    return NULL;
}

static json_t *epoch_json(const tw_epoch *e)
{
    json_t *o = json_pack("{s:I}", "epoch", (json_int_t)e->epoch);
    return tw__json_unless(!o || tw__json_number(o, "seconds", e->seconds) ||
                               tw__json_number(o, "loss", e->loss) ||
                               tw__json_number(o, "accuracy", e->accuracy) ||
                               tw__json_number(o, "val_loss", e->val_loss) ||
                               tw__json_number(o, "val_accuracy", e->val_accuracy) ||
                               tw__json_number(o, "lr", e->lr),
                           o);
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

json_t *tw__json_epochs(const tw_epoch *lines, size_t n)
{
    json_t *list = json_array();
    int bad = 0;
    for (size_t i = 0; i < n && !bad; i++) bad = json_array_append_new(list, epoch_json(&lines[i]));
    return tw__json_unless(bad, list);
}

json_t *tw__json_metrics(const tw_metrics *m)
{
    json_t *o = json_object();
    return tw__json_unless(tw__json_number(o, "loss", m->loss) || tw__json_number(o, "accuracy", m->accuracy),
                           o);
}

json_t *tw__json_fingerprint(const tw_data *train, const tw_data *val, const tw_data *test)
{
    const struct {
        const char *name;
        const tw_data *data;
    } parts[] = {{"train", train}, {"val", val}, {"test", test}};
    json_t *o = json_object();
    int bad = 0;
    for (int i = 0; i < 3 && !bad; i++) {
        tw_data_info info = {.size = sizeof info};
        if (!parts[i].data) continue;
        bad = tw_data_info_get(parts[i].data, &info, NULL) != TW_OK ||
              json_object_set_new(o, parts[i].name, json_string(info.fingerprint));
    }
    return tw__json_unless(bad, o);
}

tw_status tw__json_check_text(const char *what, const char *text, tw_error *err)
{
    json_t *as_json = text ? json_string(text) : json_null();
    json_decref(as_json);
    return as_json ? TW_OK : tw__fail(err, TW_ERR_SPEC, "%s is not valid UTF-8", what);
}

/* jansson's words, but where they speak of its flags or repeat bytes of a file that is no JSON. */
static const char *fault_text(const json_error_t *e)
{
    switch (json_error_code(e)) {
    case json_error_numeric_overflow: return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "a text contains the character \\u0000";
    case json_error_invalid_utf8: return "this is not JSON: it is not valid UTF-8";
    default:
        return strncmp(e->text, "'[' or '{' expected", 19) == 0 ? "this is not JSON, which begins with { or ["
                                                                : e->text;
    }
}

tw_status tw__json_read_file(tw_context *ctx, const char *path, json_t **out, tw_error *err)
{
    uint8_t *bytes;
    size_t n;
    json_error_t e;
    TW_TRY(tw__read_file(ctx, path, MOST_BYTES, &bytes, &n, err));
    *out = tw__json_parse((const char *)bytes, n, &e);
    tw__free(ctx, bytes, n, 1);
    return *out ? TW_OK : tw__fail_in(err, TW_ERR_DATA, path, e.line, -1, "%s", fault_text(&e));
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

/* ---- reading ------------------------------------------------------------------------------------------- */

double tw__json_number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

int tw__json_run_status(const char *name)
{
    for (int i = TW_RUN_GOING; name && i <= TW_RUN_STALLED; i++)
        if (strcmp(name, tw_run_status_name(i)) == 0) return i;
    return -1;
}

tw_status tw__json_read_epochs(tw_context *ctx, const json_t *list, tw_epoch **lines, size_t *n,
                               tw_error *err)
{
    size_t count = json_array_size(list);
    TW_TRY(tw__alloc(ctx, lines, count, sizeof **lines, err));
    *n = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *e = json_array_get(list, i);
        (*lines)[i] = (tw_epoch){(uint64_t)json_integer_value(json_object_get(e, "epoch")),
                                 tw__json_number_of(e, "seconds"),
                                 tw__json_number_of(e, "loss"),
                                 tw__json_number_of(e, "accuracy"),
                                 tw__json_number_of(e, "val_loss"),
                                 tw__json_number_of(e, "val_accuracy"),
                                 tw__json_number_of(e, "lr")};
    }
    return TW_OK;
}
