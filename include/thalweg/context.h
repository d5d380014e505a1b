/* libthalweg. The context: everything an object needs from its surroundings. There is no other configuration and no global.
 *
 * A context may be used by several threads at once; the callbacks must allow that. Its pool of threads serves one call at a time:
 * a call that finds it busy works in its own thread, with the same result. A context must outlive every object created from it.
 *
 * Structs that begin with `size` may grow: set it to sizeof the struct, as the TW_..._INIT macros do. What an older program's struct lacks counts as
 * 0, and 0 always means the default; a newer program's is refused only where it uses a field that this library does not know.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_CONTEXT_H
#define THALWEG_CONTEXT_H
#include <thalweg/error.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_context tw_context;

/* Types of numbers in tensors, data and state files. */
typedef enum tw_type { TW_U8 = 0, TW_I64 = 1, TW_F32 = 2, TW_F64 = 3 } tw_type;

/* Levels of vector instructions; the results are the same bits at every level. */
typedef enum tw_isa { TW_ISA_DETECT = 0, TW_ISA_BASE = 1, TW_ISA_AVX2 = 2, TW_ISA_AVX512 = 3 } tw_isa;

/* File access. Each function returns 0 or an errno value and may fail at any call. `file` is the table's own handle.
 * read and write may move fewer bytes than asked for; read sets *got = 0 at the end. */
typedef struct tw_io {
    size_t size;                                                        /* sizeof(tw_io) */
    int (*open)(void *user, const char *path, int mode, void **file);   /* one of TW_OPEN_ */
    int (*read)(void *user, void *file, void *to, size_t n, size_t *got);
    int (*write)(void *user, void *file, const void *from, size_t n, size_t *put);
    int (*sync)(void *user, void *file);                                /* to the disk, not only to the kernel */
    int (*close)(void *user, void *file);
    int (*rename)(void *user, const char *from, const char *to);        /* replaces `to` in one step; `from` may be open */
    int (*remove)(void *user, const char *path);
    int (*make_directory)(void *user, const char *path);                   /* EEXIST if it is there */
    int (*sync_directory)(void *user, const char *path);
    int (*kind)(void *user, const char *path, int *kind);               /* one of TW_PATH_; TW_PATH_NONE is not an error */
    void *user;
} tw_io;
/* WRITE: an empty file, made or emptied, whose name only serves until it is renamed; EBUSY while another writes it. */
enum { TW_OPEN_READ = 0, TW_OPEN_WRITE = 1 };
enum { TW_PATH_NONE = 0, TW_PATH_FILE = 1, TW_PATH_DIRECTORY = 2, TW_PATH_OTHER = 3 };

enum { TW_LOG_WARNING = 1, TW_LOG_INFO = 2, TW_LOG_DETAIL = 3 };

typedef struct tw_context_options {
    size_t size;                                                        /* sizeof(tw_context_options) */
    /* Allocate (p NULL), resize, or free (now 0) memory aligned to `align`, a power of two up to 64. `old` is p's present size.
     * NULL on failure, p untouched then. NULL here: the C library's allocator, from 4 MB on in huge pages where the system has them. */
    void *(*resize)(void *user, void *p, size_t old, size_t now, size_t align);
    const tw_io *io;                                                    /* copied; NULL: the system's files */
    void (*log)(void *user, int level, const char *text);               /* NULL: silent */
    void *user;                                                         /* for resize and log */
    int threads;                                                        /* 0: as many as the CPUs this process may use; at most 256 */
    tw_isa max_isa;                                                     /* 0: the best this CPU has; a level it lacks is an error */
} tw_context_options;
#define TW_CONTEXT_OPTIONS_INIT { sizeof(tw_context_options), NULL, NULL, NULL, NULL, 0, TW_ISA_DETECT }

TW_API tw_status tw_context_create(tw_context **out, const tw_context_options *options /* NULL: all defaults */, tw_error *err);
TW_API void tw_context_free(tw_context *ctx);                           /* NULL is fine */

TW_API int tw_context_threads(const tw_context *ctx);
TW_API tw_isa tw_context_isa(const tw_context *ctx);
TW_API const char *tw_isa_name(tw_isa isa);                             /* "base", "avx2", "avx512" */
TW_API tw_status tw_isa_from_name(const char *name, tw_isa *out, tw_error *err);
TW_API tw_isa tw_isa_of_cpu(void);                                      /* the best level this CPU and system support */

TW_API size_t tw_type_size(tw_type type);
TW_API const char *tw_type_name(tw_type type);                          /* "u8", "i64", "f32", "f64" */

#ifdef __cplusplus
}
#endif
#endif
