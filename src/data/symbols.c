/* A text as one long row of symbols, its characters, cut into rows of `length`; the label at each time is the
 * symbol that follows. Symbols are numbered in the order of Unicode.
 * SPDX-License-Identifier: MIT */
#include "data/reader.h"
#include "data/kind.h"
#include "file/utf8.h"
#include <stdio.h>
#include <string.h>

enum { CHARACTERS = 0x110000, LENGTH = 64 };

/* The characters of all files, and what each stands for. */
typedef struct text {
    const tw__source *source;
    uint32_t *at;
    size_t n, capacity;
    int32_t *symbol; /* of every character, counted from 1; 0: none, or not seen yet */
    uint32_t end;    /* behind the last character that has a symbol */
    int32_t symbols;
} text;

/* A character is one of the text's; n: its symbol, from 1 on. */
static void set_symbol(text *t, uint32_t c, int32_t n)
{
    t->symbol[c] = n;
    if (c >= t->end) t->end = c + 1;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* For what is at a byte, from 0 on, of a file. */
static tw_status refuse(const char *path, uint64_t line, size_t byte, const char *sign, uint32_t c,
                        const char *what, tw_error *err)
{
    return tw__fail_in(err, TW_ERR_DATA, path, (int64_t)line, (int64_t)byte, "byte %zu: %s%0*X %s", byte + 1,
                       sign, *sign == 'U' ? 4 : 2, c, what);
}

/* The character at byte i of n, and how many bytes it has; 0: it is none. */
static size_t character_at(const uint8_t *bytes, size_t n, size_t i, uint32_t *c)
{
    char last[5] = "";
    if (n - i >= 4) return tw__utf8_read((const char *)bytes + i, c);
    memcpy(last, bytes + i, n - i);
    return tw__utf8_read(last, c);
}

static tw_status read_characters(text *t, const char *path, const uint8_t *bytes, size_t n, tw_error *err)
{
    uint64_t line = 1;
    uint32_t c;
    for (size_t i = tw__mark_length(bytes, n), each; i < n; i += each) {
        each = character_at(bytes, n, i, &c);
        if (each == 0) return refuse(path, line, i, "0x", bytes[i], "begins no character of UTF-8", err);
        if (c == 0) return refuse(path, line, i, "0x", 0, "is in no text", err);
        if (!t->symbol[c] && t->source->schema)
            return refuse(path, line, i, "U+", c, "is none of the characters that were learnt", err);
        if (!t->symbol[c]) set_symbol(t, c, 1);
        t->at[t->n++] = c;
        line += c == '\n';
    }
    return TW_OK;
}

static tw_status read_file(text *t, size_t i, tw_error *err)
{
    tw_context *const ctx = t->source->ctx;
    const uint64_t most = t->source->options->most_bytes ? t->source->options->most_bytes : TW__MOST_BYTES;
    tw__stream *stream;
    uint8_t *bytes;
    size_t n, all;
    TW_TRY(tw__source_open(t->source, i, &stream, err));
    tw_status s = tw__stream_take(stream, most, &bytes, &n, err);
    if (s == TW_OK) {
        s = tw__stream_end(stream, err);
        if (s == TW_OK && !tw__size_add(t->n, n, &all))
            s = tw__fail(err, TW_ERR_DATA, "the texts are larger than memory");
        if (s == TW_OK) s = tw__grow(ctx, &t->at, &t->capacity, all, sizeof *t->at, err);
        if (s == TW_OK) s = read_characters(t, t->source->paths[i], bytes, n, err);
        tw__free(ctx, bytes, n, 1);
    }
    tw__source_close(t->source, stream);
    return s;
}

/* ---- symbols ------------------------------------------------------------------------------------------- */

/* Those of the schema, or none yet. */
static tw_status begin_symbols(text *t, tw_error *err)
{
    const tw__schema *const fit = t->source->schema;
    TW_TRY(tw__alloc(t->source->ctx, &t->symbol, CHARACTERS, sizeof *t->symbol, err));
    for (int32_t i = 0; fit && i < fit->n_classes; i++) {
        uint32_t c;
        const size_t n = tw__utf8_read(fit->classes[i], &c);
        if (n == 0 || fit->classes[i][n])
            return tw__fail(err, TW_ERR_DATA, "symbol %d of the model's text is no character", i);
        set_symbol(t, c, i + 1);
    }
    t->symbols = fit ? fit->n_classes : 0;
    return TW_OK;
}

static void number_symbols(text *t)
{
    for (uint32_t c = 0; !t->source->schema && c < t->end; c++)
        if (t->symbol[c]) t->symbol[c] = ++t->symbols;
}

static tw_status name_symbols(const text *t, char ***names, tw_error *err)
{
    tw_context *const ctx = t->source->ctx;
    TW_TRY(tw__alloc(ctx, names, (size_t)t->symbols, sizeof **names, err));
    for (uint32_t c = 0; c < t->end; c++) {
        char name[5] = "";
        if (!t->symbol[c]) continue;
        tw__utf8_put(c, name);
        TW_TRY(tw__copy_text(ctx, &(*names)[t->symbol[c] - 1], name, err));
    }
    return TW_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static tw_status set_rows(const text *t, tw_data_info *to, tw_error *err)
{
    tw_context *const ctx = t->source->ctx;
    const size_t n = (size_t)to->rows * (size_t)to->shape[0];
    float *x;
    int32_t *labels;
    TW_TRY(tw__alloc(ctx, &x, n, sizeof *x, err));
    to->x = x;
    TW_TRY(tw__alloc(ctx, &labels, n, sizeof *labels, err));
    to->labels = labels;
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(t->symbol[t->at[i]] - 1);
        labels[i] = t->symbol[t->at[i + 1]] - 1;
    }
    char **names = NULL;
    const tw_status s = name_symbols(t, &names, err);
    to->class_names = (const char *const *)names;
    to->classes = names ? t->symbols : 0;
    if (s != TW_OK) return s;
    const tw__schema schema = {.width = (size_t)to->shape[0],
                               .base = -1,
                               .is_text = 1,
                               .classes = names,
                               .n_classes = t->symbols};
    return tw__schema_text(&schema, ctx, (char **)(uintptr_t)&to->schema, err);
}

static tw_status make_rows(tw__block **out, const text *t, size_t length, tw_error *err)
{
    const char *const path = t->source->paths[0];
    if (t->n <= length)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, -1,
                           "a text of %zu characters; a row of %zu (option length) and what follows it need "
                           "%zu",
                           t->n, length, length + 1);
    tw_data_info all = {.size = sizeof all,
                        .rows = (t->n - 1) / length,
                        .rank = 1,
                        .shape = {(int64_t)length},
                        .type = TW_F32,
                        .n_labels = length,
                        .name = path};
    const tw_status s = set_rows(t, &all, err);
    if (s == TW_OK) return tw__block_create(out, t->source->ctx, &all, NULL, err);
    tw__data_free_rows(t->source->ctx, &all, NULL);
    return s;
}

static tw_status find_length(const tw__source *source, size_t *length, tw_error *err)
{
    const uint64_t given = source->options->length;
    const tw__schema *const fit = source->schema;
    if (fit && !fit->is_text)
        return tw__fail(err, TW_ERR_DATA, "%.200s is read as a text, and the model was trained on other rows",
                        source->paths[0]);
    if (fit && given && given != fit->width)
        return tw__fail(err, TW_ERR_SPEC, "length = %llu, but the model was trained on rows of %zu",
                        (unsigned long long)given, fit->width);
    if (!fit && given == 1)
        return tw__fail(err, TW_ERR_SPEC, "length = 1: rows of a text have at least 2 characters");
    *length = fit ? fit->width : given ? (size_t)given : LENGTH;
    return TW_OK;
}

static tw_status read_text(tw__block **out, const tw__source *source, tw_error *err)
{
    tw_context *const ctx = source->ctx;
    text t = {.source = source};
    tw_data_options others = *source->options;
    size_t length = 0;
    *out = NULL;
    others.length = 0;
    TW_TRY(tw__refuse_row_options(&others, source->paths[0], err));
    if (source->save && source->save->otherwise)
        return tw__fail(err, TW_ERR_SPEC, "option stream: a text is read into memory, and %.200s is one",
                        source->paths[0]);
    TW_TRY(find_length(source, &length, err));
    tw_status s = begin_symbols(&t, err);
    for (size_t i = 0; i < source->n && s == TW_OK; i++) s = read_file(&t, i, err);
    if (s == TW_OK) {
        number_symbols(&t);
        s = make_rows(out, &t, length, err);
    }
    tw__free(ctx, t.at, t.capacity, sizeof *t.at);
    tw__free(ctx, t.symbol, CHARACTERS, sizeof *t.symbol);
    return s;
}

/* Only where the model was trained on one: any table is a text too. */
static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    (void)whole;
    return fit && fit->is_text && tw__is_plain_text(&head, &n);
}

const tw__reader tw__reader_text = {.name = "text",
                                    .supported = "a text (--format text)",
                                    .kind = TW_PATH_FILE,
                                    .of_texts = 1,
                                    .recognises = recognises,
                                    .read = read_text};

/* ---- tinyshakespeare ----------------------------------------------------------------------------------- */

static tw_status open_tinyshakespeare(tw__parts *p, const tw__opening *o, tw_error *err)
{
    char path[TW__PATH], directory[TW__PATH];
    int found;
    if (!o->options->home)
        return tw__fail(err, TW_ERR_NOT_FOUND,
                        "\"tinyshakespeare\" needs a folder of data sets, and none was given");
    TW_TRY(tw__find_packed(o->ctx, o->options->home, "tinyshakespeare.txt", path, &found, err));
    if (!found) {
        TW_TRY(tw__path_in(o->options->home, "tinyshakespeare", directory, err));
        TW_TRY(tw__find_packed(o->ctx, directory, "input.txt", path, &found, err));
    }
    if (!found)
        return tw__fail(
            err, TW_ERR_NOT_FOUND,
            "the text is not in %.150s: put tinyshakespeare.txt there (plain or .gz .xz .zst .bz2 "
            ".lz4)",
            o->options->home);
    tw_data_options options = *o->options;
    tw__opening opening = *o;
    options.format = tw__reader_text.name;
    opening.options = &options;
    return tw__data_read_file(o->want_train ? &p->train : &p->test, &opening, path, err);
}

const tw__reader tw__reader_tinyshakespeare = {.name = "tinyshakespeare",
                                               .of_texts = 1,
                                               .open = open_tinyshakespeare};
