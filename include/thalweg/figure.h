/* libthalweg-race. Figures: the experiments of the source documents, made again by this library. A figure is one file in src/race/figures/, its
 * gnuplot script beside it, and a line of a list.
 *
 * Making a figure computes it and writes NAME-*.csv (the data) and NAME.gp (a gnuplot script that reads them and writes NAME.svg, NAME.png
 * and, for an animation, NAME.gif) into a folder; starting gnuplot, in that folder, is the caller's part. What the figure is to show comes back as
 * claims, whose verdicts are comparisons of what was measured.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_FIGURE_H
#define THALWEG_FIGURE_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_figure_kind {
    const char *name;                                                   /* "fig5.6", "bowl" */
    const char *also;                                                   /* the other figures that are in it, "fig5.7", blanks between; "": none */
    const char *source;                                                 /* "004, figures 5.6 and 5.7" */
    const char *shows;                                                  /* one line */
    int is_animated;                                                    /* the script writes NAME.gif, too */
} tw_figure_kind;
TW_API const tw_figure_kind *tw_figure_kind_at(size_t i);               /* NULL after the last */

enum tw_holds { TW_HOLDS_NO = 0, TW_HOLDS_YES = 1, TW_HOLDS_DEPENDS = 2 };
TW_API const char *tw_holds_name(enum tw_holds holds);                  /* "no", "yes", "depends" */
/* A sentence of a source beside what was measured. control: what must not hold, or hold for everybody, and shows that the test can fail. */
typedef struct tw_claim {
    const char *id;                                                     /* "saddle-1" */
    const char *figure, *source;                                        /* where it stands: "004, 5.3.1 (1)" */
    const char *printed, *english;                                      /* as printed ("": a control of ours), and in English */
    char setting[384], measured[512];                                   /* what was run; what came of it, with numbers */
    enum tw_holds holds;
    const char *because;                                                /* depends, no: on what, why; yes: "" */
    int is_control;
} tw_claim;

typedef struct tw_figures tw_figures;                                   /* what has been made so far */
/* A folder, which is made where it is missing; one that holds figures already (claims.json) only goes with force. Nothing is overwritten but files
 * of the figures that are made. */
TW_API tw_status tw_figures_create(tw_figures **out, tw_context *ctx, const char *directory, int force, tw_error *err);
TW_API tw_status tw_figures_make(tw_figures *figures, const tw_figure_kind *kind, tw_error *err);
/* In the order in which they were made; valid until the next one. */
TW_API size_t tw_figures_claims(const tw_figures *figures, const tw_claim **claims);
/* claims.json and claims.md into the folder; the first one's text, owned by the object, valid until the next writing, in *json (may be NULL). */
TW_API tw_status tw_figures_write_claims(tw_figures *figures, const char **json, tw_error *err);
TW_API void tw_figures_free(tw_figures *figures);                       /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
