/* libthalweg-race. Figures: the experiments of the source documents, repeated with this library.
 *
 * Making a figure writes its data, NAME-*.csv, and a gnuplot script, NAME.gp, into a directory; the caller
 * runs gnuplot there, and the script writes NAME.svg, NAME.png and, for an animation, NAME.gif. What the
 * source says about the figure comes back as claims, each with what was measured and whether it holds. In
 * src/race/figures a figure is one file, its script, and a line of list.h.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_FIGURE_H
#define THALWEG_FIGURE_H
#include <thalweg/context.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_figure_kind {
    const char *name; /* "fig5.6", "bowl" */
    /* other figures that it contains, "fig5.7", separated by spaces; "": none */
    const char *also;
    const char *source; /* "004, figures 5.6 and 5.7" */
    const char *shows;  /* one line */
    /* 1: the script also writes NAME.gif */
    int is_animated;
} tw_figure_kind;
TW_API const tw_figure_kind *tw_figure_kind_at(size_t i); /* NULL after the last */

/* Whether a claim holds. */
enum tw_holds { TW_HOLDS_NO = 0, TW_HOLDS_YES = 1, TW_HOLDS_DEPENDS = 2 };
/* "no", "yes", "depends", or "unknown" */
TW_API const char *tw_holds_name(enum tw_holds holds);
/* A sentence of a source, and what was measured. */
typedef struct tw_claim {
    const char *id; /* "saddle-1" */
    /* name of the figure; "004, 5.3.1 (1)" */
    const char *figure, *source;
    /* as printed ("" for a control), and in English */
    const char *printed, *english;
    /* what was run; the result, with numbers */
    char setting[384], measured[512];
    enum tw_holds holds;
    /* DEPENDS: on what; NO: why; YES: "" */
    const char *because;
    /* 1: no claim of the source, but a check that the comparison can fail */
    int is_control;
} tw_claim;

/* the figures made so far, and their claims */
typedef struct tw_figures tw_figures;
/* Starts in a directory, which is made if it is missing. Only files of the figures that are made are
 * replaced. TW_ERR_SPEC: it holds figures (claims.json, there from now on) and `force` is 0, or anything
 * else; TW_ERR_SYSTEM: it cannot be made. */
TW_API tw_status tw_figures_create(tw_figures **out, tw_context *ctx, const char *directory, int force,
                                   tw_error *err);
/* Computes one figure of the list and writes its files. TW_ERR_SPEC: `kind` is not from tw_figure_kind_at.
 * After an error it adds no claims; some of its files may be there. */
TW_API tw_status tw_figures_make(tw_figures *figures, const tw_figure_kind *kind, tw_error *err);
/* The claims of the figures so far, in the order in which they were made, in *claims, valid until the next
 * figure is made. Returns how many. */
TW_API size_t tw_figures_claims(const tw_figures *figures, const tw_claim **claims);
/* Writes claims.json and claims.md into the directory. json: NULL, or for the text of claims.json, valid
 * until the next call. */
TW_API tw_status tw_figures_write_claims(tw_figures *figures, const char **json, tw_error *err);
TW_API void tw_figures_free(tw_figures *figures); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
