/* What an entry of a race names: "sgd:lr=0.1", or with an exchange of its own "sgd:lr=0.1|ps:workers=2".
 * SPDX-License-Identifier: MIT */
#ifndef TW_RACE_METHOD_H
#define TW_RACE_METHOD_H
#include "base/error.h"
#include <thalweg/registry.h>

typedef struct tw__method {
    char optimizer[TW_SPEC_MAX];
    const char *exchange; /* in the entry's spec; NULL: it names none */
} tw__method;

/* TW_ERR_SPEC: too long. */
tw_status tw__method_read(tw__method *out, const char *spec, tw_error *err);
/* Joins the exchange again; 0: there is no room. */
int tw__method_write(const tw__method *method, char to[TW_SPEC_MAX]);
#endif
