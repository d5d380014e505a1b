/* CIFAR-10's binary form: records of a class in one byte and 32x32 pixels in three planes, red, green and
 * blue. Rows are height, width, channels, as those of all images.
 * SPDX-License-Identifier: MIT */
#include "data/reader.h"
#include "data/words.h"
#include <stdio.h>
#include <string.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, CHANNELS = 3, PIXELS = PLANE * CHANNELS, RECORD = 1 + PIXELS };
enum { CLASSES = 10, TRAIN_FILES = 5 };
static const char test_file[] = "test_batch.bin", names_file[] = "batches.meta.txt";

/* Images while they are read. */
typedef struct images {
    tw_context *ctx;
    uint8_t *pixels;
    int32_t *labels;
    char **names; /* of the classes */
    size_t n, pixels_size, labels_size;
} images;

static void free_images(images *m)
{
    for (size_t i = 0; m->names && i < CLASSES; i++) tw__free_text(m->ctx, m->names[i]);
    tw__free(m->ctx, m->names, CLASSES, sizeof *m->names);
    tw__free(m->ctx, m->pixels, m->pixels_size, 1);
    tw__free(m->ctx, m->labels, m->labels_size, sizeof *m->labels);
}

/* ---- records ------------------------------------------------------------------------------------------- */

static tw_status add_image(images *m, const uint8_t *record, const char *path, size_t number, tw_error *err)
{
    size_t all;
    if (record[0] >= CLASSES)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)(number * RECORD),
                           "class %d of image %zu is outside 0 to %d", record[0], number + 1, CLASSES - 1);
    if (!tw__size_mul(m->n + 1, PIXELS, &all)) return tw__fail(err, TW_ERR_MEMORY, "out of memory");
    TW_TRY(tw__grow(m->ctx, &m->pixels, &m->pixels_size, all, 1, err));
    TW_TRY(tw__grow(m->ctx, &m->labels, &m->labels_size, m->n + 1, sizeof *m->labels, err));
    m->labels[m->n] = record[0];
    uint8_t *to = m->pixels + m->n++ * PIXELS;
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < PLANE; i++) to[i * CHANNELS + c] = record[1 + c * PLANE + i];
    return TW_OK;
}

static tw_status add_stream(images *m, tw__stream *s, tw_error *err)
{
    const char *path = tw__stream_path(s);
    for (size_t number = 0;; number++) {
        uint8_t record[RECORD];
        size_t got;
        TW_TRY(tw__stream_read(s, record, sizeof record, &got, err));
        if (got == 0 && number > 0) return tw__stream_end(s, err);
        if (got < sizeof record)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, (int64_t)(number * RECORD + got),
                               "ends inside image %zu; an image of CIFAR-10 has %d bytes", number + 1,
                               RECORD);
        TW_TRY(add_image(m, record, path, number, err));
    }
}

/* ---- names of classes ---------------------------------------------------------------------------------- */

/* One name in a line; empty lines come after them. */
static tw_status read_names(images *m, char *text, const char *path, tw_error *err)
{
    size_t n = 0, twice;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        line[strcspn(line, "\r")] = 0;
        if (!*line) continue;
        if (n == CLASSES)
            return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "has more than 10 names of classes");
        TW_TRY(tw__copy_text(m->ctx, &m->names[n++], line, err));
    }
    if (n < CLASSES)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "has %zu names of classes; CIFAR-10 has 10", n);
    TW_TRY(tw__classes_twice(m->ctx, m->names, CLASSES, &twice, err));
    if (twice < CLASSES)
        return tw__fail_in(err, TW_ERR_DATA, path, 0, 0, "class %s appears twice", m->names[twice]);
    return TW_OK;
}

/* From the file of names in a directory, or CIFAR-10's. */
static tw_status find_names(images *m, const char *directory, tw_error *err)
{
    static const char usual[] = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n";
    enum { MOST = 4096 };
    char path[TW__PATH], text[MOST + 1];
    int found;
    TW_TRY(tw__alloc(m->ctx, &m->names, CLASSES, sizeof *m->names, err));
    TW_TRY(tw__path_in(directory, names_file, path, err));
    TW_TRY(tw__find_file(m->ctx, path, &found, err));
    memcpy(text, usual, sizeof usual);
    if (found) {
        uint8_t *bytes;
        size_t n;
        TW_TRY(tw__read_file(m->ctx, path, MOST, &bytes, &n, err));
        memcpy(text, bytes, n);
        text[n] = 0;
        tw__free(m->ctx, bytes, n, 1);
    }
    return read_names(m, text, path, err);
}

static tw_status finish(images *m, tw__block **out, const char *name, tw_error *err)
{
    TW_TRY(tw__resize(m->ctx, &m->pixels, &m->pixels_size, m->n * PIXELS, 1, err));
    TW_TRY(tw__resize(m->ctx, &m->labels, &m->labels_size, m->n, sizeof *m->labels, err));
    const tw_data_info all = {.size = sizeof all,
                              .rows = m->n,
                              .rank = 3,
                              .shape = {SIDE, SIDE, CHANNELS},
                              .type = TW_U8,
                              .x = m->pixels,
                              .labels = m->labels,
                              .classes = CLASSES,
                              .class_names = (const char *const *)m->names,
                              .name = name};
    m->pixels = NULL;
    m->labels = NULL;
    m->names = NULL;
    return tw__block_create(out, m->ctx, &all, NULL, err);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static tw_status add_files(images *m, const tw__source *source, tw_error *err)
{
    const char *first = source->paths[0], *slash = strrchr(first, '/');
    char directory[TW__PATH];
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - first) : 1, slash ? first : ".");
    TW_TRY(find_names(m, *directory ? directory : "/", err));
    for (size_t i = 0; i < source->n; i++) {
        tw__stream *s;
        TW_TRY(tw__source_open(source, i, &s, err));
        const tw_status status = add_stream(m, s, err);
        tw__source_close(source, s);
        TW_TRY(status);
    }
    return TW_OK;
}

static tw_status read_files(tw__block **out, const tw__source *source, tw_error *err)
{
    images m = {.ctx = source->ctx};
    *out = NULL;
    TW_TRY(tw__refuse_row_options(source->options, source->paths[0], err));
    tw_status s = add_files(&m, source, err);
    if (s == TW_OK) s = finish(&m, out, source->paths[0], err);
    free_images(&m);
    return s;
}

/* There is no mark at the beginning: every record begins with a class. */
static int recognises(const uint8_t *head, size_t n, int whole, const tw__schema *fit)
{
    (void)fit;
    if (n < RECORD || (whole && n % RECORD)) return 0;
    for (size_t i = 0; i < n; i += RECORD)
        if (head[i] >= CLASSES) return 0;
    return 1;
}

const tw__reader tw__reader_cifar10 = {.name = "cifar10",
                                       .supported = "CIFAR-10's files",
                                       .kind = TW_PATH_FILE,
                                       .recognises = recognises,
                                       .read = read_files};

/* ---- the directory ------------------------------------------------------------------------------------- */

/* number: of a file of training rows, from 1; 0: that of test rows. */
static tw_status find(tw_context *ctx, const char *directory, int number, char path[TW__PATH], int *found,
                      tw_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "data_batch_%d.bin", number);
    TW_TRY(tw__path_in(directory, number ? name : test_file, path, err));
    return tw__find_file(ctx, path, found, err);
}

static tw_status holds(int *is, tw_context *ctx, const char *directory, tw_error *err)
{
    char path[TW__PATH];
    *is = 0;
    for (int number = 0; number <= TRAIN_FILES && !*is; number++)
        TW_TRY(find(ctx, directory, number, path, is, err));
    return TW_OK;
}

/* Adds those files first to last that are there. */
static tw_status add_batches(images *m, const tw__opening *o, int first, int last, tw_error *err)
{
    for (int number = first; number <= last; number++) {
        char path[TW__PATH];
        int found;
        tw__stream *s;
        TW_TRY(find(o->ctx, o->path, number, path, &found, err));
        if (!found) continue;
        TW_TRY(tw__stream_open(&s, o->ctx, path, TW__PLAIN, o->options->most_bytes, err));
        const tw_status status = add_stream(m, s, err);
        tw__stream_close(s);
        TW_TRY(status);
    }
    return m->n ? find_names(m, o->path, err) : TW_OK;
}

static tw_status read_batches(tw__block **out, const tw__opening *o, int first, int last, tw_error *err)
{
    images m = {.ctx = o->ctx};
    tw_status s = add_batches(&m, o, first, last, err);
    if (s == TW_OK && m.n) s = finish(&m, out, o->path, err);
    free_images(&m);
    return s;
}

static tw_status open_directory(tw__parts *p, const tw__opening *o, tw_error *err)
{
    if (o->want_train) TW_TRY(read_batches(&p->train, o, 1, TRAIN_FILES, err));
    return o->want_test ? read_batches(&p->test, o, 0, 0, err) : TW_OK;
}

const tw__reader tw__reader_cifar10_directory = {.kind = TW_PATH_DIRECTORY,
                                                 .holds = holds,
                                                 .open = open_directory};
