/* Converted rows: what the readers of text make of files, as lists that are mapped and not parsed, with what
 * has to be remembered of the files. Real and whole numbers stand as in the memory of the machine that wrote
 * them.
 *
 * A file is a head, a text of JSON (schema and sources), and lists, each from a multiple of 64 bytes on; the
 * head says how long each is, so that there is no place in the file that it could point to.
 * SPDX-License-Identifier: MIT */
#ifndef TW_DATA_TWD_H
#define TW_DATA_TWD_H
#include "base/io.h"
#include "data/reader.h"
#include "data/row_list.h"

/* The parts behind the head, in their order. */
enum tw__twd_part {
    TW__TWD_TEXT,    /* {"schema": ..., "sources": [...], "how": ...} */
    TW__TWD_WORDS,   /* spellings of labels, each with a 0 at its end */
    TW__TWD_X,       /* numbers */
    TW__TWD_COLUMNS, /* of sparse rows: of each number; and starts, rows + 1 */
    TW__TWD_STARTS,
    TW__TWD_LABEL, /* word of each row */
    TW__TWD_TARGETS,
    TW__TWD_GROUPS,
    TW__TWD_WEIGHTS,
    TW__TWD_PARTS
};

#define TW__TWD_MAGIC "\x89TWD\r\n\x1a\n" /* a transfer as text damages it */
/* The version is 1, but 2 with several targets a row. */
enum { TW__TWD_ORDER = 0x01020304, TW__TWD_VERSION = 2 };

typedef struct tw__twd_head {
    uint8_t magic[8];
    uint32_t order, version;
    uint64_t bytes; /* of the file */
    uint64_t rows, numbers, left_out;
    uint64_t width;     /* of dense rows; 0: sparse */
    uint32_t type;      /* of x: TW_F32 or TW_F64 */
    uint16_t has;       /* 1 << tw__twd_part, for those that may be missing */
    uint16_t n_targets; /* of a row, in version 2; 0 counts as 1 */
    uint64_t n_words, word_bytes, text_bytes;
    char fingerprint[TW__HASH_DIGITS]; /* of the rows, with labels or targets as decided without a model */
    char checksum[TW__HASH_DIGITS];    /* of the head up to here, the text and the words */
} tw__twd_head;

/* Where each part begins, and where the file ends. 0: no file can be that long. */
int tw__twd_layout(const tw__twd_head *head, uint64_t at[TW__TWD_PARTS + 1]);
/* Of a row, where it has any. */
size_t tw__twd_targets(const tw__twd_head *head);
void tw__twd_set_targets(tw__twd_head *head, size_t n);
uint64_t tw__twd_part_bytes(const tw__twd_head *head, enum tw__twd_part part);
void tw__twd_checksum(const tw__twd_head *head, const void *text, const void *words,
                      char to[TW__HASH_DIGITS + 1]);

/* ---- sources ------------------------------------------------------------------------------------------- */

/* A file as it was before it was read. */
typedef struct tw__stamp {
    int is_file;     /* no pipe */
    uint64_t bytes;  /* 0: not known */
    int64_t written; /* when, in ns; 0: not known */
} tw__stamp;
tw_status tw__stamp_take(tw__stamp *out, tw_context *ctx, const char *path, tw_error *err);
/* Hash of a file's bytes, packed or not. */
tw_status tw__twd_hash(tw_context *ctx, const char *path, char to[TW__HASH_DIGITS + 1], tw_error *err);

/* Writes a file: a head, whose counts are set, with a schema in JSON; `put` writes the bytes of all parts but
 * the text. words: of the labels. */
typedef tw_status tw__twd_put(void *user, enum tw__twd_part part, tw__writer *to, tw_error *err);
tw_status tw__twd_write_file(const tw__source *source, tw__twd_head *head, const char *schema,
                             const char *words, tw__twd_put *put, void *user, tw_error *err);
#define TW__TWD_HEAD_INIT                                            \
    {                                                                \
        .magic = TW__TWD_MAGIC, .order = TW__TWD_ORDER, .version = 1 \
    }
/* Writes the rows of a spooled table to source->save, which is done then; schema as in tw__row_list_block.
 * twd_spool.c */
tw_status tw__twd_write_spool(const tw__source *source, tw__row_list *table, tw__schema *schema,
                              tw_error *err);
/* Writes rows to source->save. width: 0 for sparse rows; label: of each row its word. */
tw_status tw__twd_write(const tw__source *source, const tw_data_info *rows, size_t width,
                        const tw__words *words, const uint32_t *label, tw_error *err);
#endif
