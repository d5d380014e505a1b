/* What the five source documents name, each thing with what shows it here. A document is a file sources_NNN.c and a line of CLI_SOURCES; a row
 * of its table is one thing that the document names.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_SOURCES_H
#define CLI_SOURCES_H
#include <stddef.h>

enum cli_kind { METHOD, FIGURE, CLAIM, LISTING, TECHNIQUE, MODEL, DATA, TOOL };

struct cli_named {
    const char *where;              /* section, equation, figure */
    enum cli_kind kind;
    const char *printed, *english;  /* as the document has it, to the letter; what that means */
    const char *show;               /* a command, "thalweg ..."; an example, "examples/..."; or one of the two below */
    const char *note;               /* not built: why, and what there is instead. Otherwise a remark, or "" */
};
#define NOT_BUILT "not built"
#define NOT_YET "not built yet"

struct cli_source {
    const char *id, *about;         /* "004"; what it is */
    const struct cli_named *named;
    size_t n;
};
#define CLI_SOURCES(X) X(000) X(001) X(002) X(003) X(004)

#endif
