/* The registry of exchanges, and reading their specs.
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include "exchange/exchange.h"
#include "exchange/protocol.h"
#include <stdio.h>
#include <string.h>

#define TW__PROTOCOL(name) extern const tw__protocol tw__protocol_##name;
#define TW__TRANSPORT(name) extern const tw__transport tw__transport_##name;
#define TW__EXCHANGE(name) extern const tw_exchange tw__exchange_##name;
#include "exchange/list.h"
#undef TW__PROTOCOL
#undef TW__TRANSPORT
#undef TW__EXCHANGE
/* Both begin with what they are about; what stands for another is no more than that. */
#define TW__PROTOCOL(name) &tw__protocol_##name.about,
#define TW__TRANSPORT(name) &tw__transport_##name.about,
#define TW__EXCHANGE(name) &tw__exchange_##name,
static const tw_exchange *const entries[] = {
#include "exchange/list.h"
};
#undef TW__PROTOCOL
#undef TW__TRANSPORT
#undef TW__EXCHANGE
enum { N_ENTRIES = sizeof entries / sizeof entries[0] };

/* ---- the list ------------------------------------------------------------------------------------------ */

const tw__protocol *tw__protocol_of(const tw_exchange *about)
{
    return (const tw__protocol *)((const char *)about - offsetof(tw__protocol, about));
}

const tw__transport *tw__transport_of(const tw_exchange *about)
{
    return (const tw__transport *)((const char *)about - offsetof(tw__transport, about));
}

const tw_exchange *tw_exchange_at(size_t i) { return i < N_ENTRIES ? entries[i] : NULL; }

const char *tw_exchange_name(size_t i, const char **help)
{
    const tw_exchange *e = tw_exchange_at(i);
    if (help) *help = e ? e->help : NULL;
    return e ? e->name : NULL;
}

static const char *name_at(size_t i, const void *user)
{
    (void)user;
    return tw_exchange_name(i, NULL);
}

static const tw_exchange *find(tw__text name)
{
    const int i = tw__name_find(name, name_at, NULL);
    return i < 0 ? NULL : entries[i];
}

const tw_exchange *tw_exchange_find(const char *name) { return find(tw__text_of(name)); }

/* ---- specs --------------------------------------------------------------------------------------------- */

/* The options of a protocol and of a transport, as they are read. */
struct reading {
    tw__table table[2];
    double *values[2];
    tw__lists lists; /* of the transport */
    unsigned char given[2][TW_OPTIONS_MAX];
    tw__text quoted[2];
};

enum { PROTOCOL, TRANSPORT };

static tw__table table_of(const tw_exchange *e)
{
    return (tw__table){.owner = e->name, .options = e->options, .n = e->n_options, .aliases = e->aliases};
}

static tw_status unknown_option(const struct reading *r, const tw__item *item, tw_error *err)
{
    tw__guess guess = tw__guess_for(item->key);
    if (tw__text_is(item->key, "workers") && strcmp(r->table[TRANSPORT].owner, "mpi") == 0)
        return tw__fail(
            err, TW_ERR_SPEC,
            "workers of mpi are its processes: mpirun -n N says how many there are, and workers does not");
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < r->table[k].n; i++)
            tw__guess_offer(&guess, tw__text_of(r->table[k].options[i].name));
    return tw__fail(err, TW_ERR_SPEC, "%s on %s has no option \"%.*s\"%s", r->table[PROTOCOL].owner,
                    r->table[TRANSPORT].owner, TW__SHOW(item->key), tw__guess_hint(&guess));
}

/* Each item goes to the part it stands in, if that has such an option, or else to the other. */
static tw_status read_items(struct reading *r, int part, const tw__spec *spec, tw_error *err)
{
    for (int i = 0; i < spec->n; i++) {
        int k = tw__option_find(&r->table[part], spec->items[i].key) >= 0 ? part : !part;
        if (tw__option_find(&r->table[k], spec->items[i].key) < 0)
            return unknown_option(r, &spec->items[i], err);
        TW_TRY(tw__option_read(&r->table[k], &spec->items[i], r->values[k], r->given[k], err));
    }
    return TW_OK;
}

/* A protocol's first options written as numbers alone, "grid:2x3", with their names, in `spelt`. */
static tw_status spell_out(tw__text *text, char spelt[TW_SPEC_MAX], tw_error *err)
{
    const char *const colon = tw__text_find(*text, ':'), *const end = text->at + text->n;
    const char *at = colon ? colon + 1 : end;
    const tw_exchange *const e = colon ? find((tw__text){text->at, (size_t)(colon - text->at)}) : NULL;
    const int most = e && !e->is_transport && !e->stands_for ? tw__protocol_of(e)->n_short : 0;
    if (most == 0 || at == end || *at < '0' || *at > '9') return TW_OK;
    int n = snprintf(spelt, TW_SPEC_MAX, "%s:", e->name);
    for (int i = 0; i < most; i++) {
        const char *const first = at;
        while (at < end && *at >= '0' && *at <= '9') at++;
        const int length = (int)(at - first), ends = at == end || *at == ',';
        if (length == 0 || (i + 1 < most ? ends || *at != 'x' : !ends))
            return tw__fail(err, TW_ERR_SPEC, "\"%.*s\": write %s", TW__SHOW(*text),
                            most == 1 ? "split:2" : "grid:2x2");
        if (n < TW_SPEC_MAX)
            n += snprintf(spelt + n, (size_t)(TW_SPEC_MAX - n), "%s%s=%.*s", i ? "," : "", e->options[i].name,
                          length, first);
        at += i + 1 < most;
    }
    if (n < TW_SPEC_MAX) n += snprintf(spelt + n, (size_t)(TW_SPEC_MAX - n), "%.*s", (int)(end - at), at);
    if (n >= TW_SPEC_MAX) return tw__fail(err, TW_ERR_SPEC, "exchange \"%.60s\" is too long", text->at);
    *text = tw__text_of(spelt);
    return TW_OK;
}

static tw_status parse_part(tw__spec *spec, tw__text text, char spelt[TW_SPEC_MAX], const tw_exchange **found,
                            tw_error *err)
{
    TW_TRY(spell_out(&text, spelt, err));
    TW_TRY(tw__spec_parse(spec, text, err));
    *found = find(spec->name);
    if (!*found) return tw__name_unknown("unknown exchange", spec->name, name_at, NULL, err);
    if (spec->dialect.n) return tw__fail(err, TW_ERR_SPEC, "exchange \"%s\" has no dialects", (*found)->name);
    if ((*found)->stands_for) *found = tw_exchange_find((*found)->stands_for);
    return TW_OK;
}

/* What a transport carries if its spec names nothing: with delays the protocol that takes them. */
static const tw_exchange *carried_by(const tw__spec *transport)
{
    const tw_exchange *delayed = tw_exchange_find("delayed");
    for (int i = 0; i < transport->n; i++)
        if (tw__text_is(transport->items[i].key, "delays")) return delayed;
    return tw_exchange_find("ps");
}

/* What the text names, in one part or two; spec[1].n = 0: in one. */
static tw_status parse(tw_exchange_choice *out, tw__text text, tw__spec spec[2], char spelt[2][TW_SPEC_MAX],
                       int *parts, tw_error *err)
{
    const tw_exchange *found[2] = {NULL, NULL};
    const size_t joint = tw__spec_joint(text);
    const tw__text second = {text.at + joint + 1, joint < text.n ? text.n - joint - 1 : 0};
    *parts = joint < text.n ? 2 : 1;
    TW_TRY(parse_part(&spec[0], (tw__text){text.at, joint}, spelt[0], &found[0], err));
    if (*parts == 2) TW_TRY(parse_part(&spec[1], second, spelt[1], &found[1], err));
    if (*parts == 2 && (!found[0]->is_transport || found[1]->is_transport))
        return tw__fail(
            err, TW_ERR_SPEC,
            "\"%.*s\": a transport comes first and a protocol second, as in sim:workers=100+easgd",
            TW__SHOW(text));
    out->protocol = *parts == 2 ? found[1] : found[0]->is_transport ? carried_by(&spec[0]) : found[0];
    const int is_apart = !out->protocol->is_transport && tw__protocol_of(out->protocol)->splits_models;
    out->transport = found[0]->is_transport ? found[0] : tw_exchange_find(is_apart ? "mpi" : "threads");
    if (strcmp(out->protocol->name, "local") != 0) return TW_OK;
    if (*parts == 2 || spec[0].n)
        return tw__fail(err, TW_ERR_SPEC, "exchange local has one process and no options, not \"%.*s\"",
                        TW__SHOW(text));
    out->transport = NULL;
    return TW_OK;
}

/* Options of one of the two, joined to `to`; 0: there is no room. */
static int write_options(const struct reading *r, int part, char to[TW_SPEC_MAX])
{
    double initial[TW_OPTIONS_MAX];
    const size_t n = strlen(to);
    const int follows = strchr(to, ':') && !strchr(to, '+');
    for (int i = 0; i < r->table[part].n; i++) initial[i] = r->table[part].options[i].initial;
    if (!tw__options_write(&r->table[part], r->values[part], initial, to + n, TW_SPEC_MAX - n)) return 0;
    if (follows && to[n] == ':') to[n] = ',';
    return 1;
}

static int join(char to[TW_SPEC_MAX], const char *text)
{
    const size_t n = strlen(to), more = strlen(text);
    if (n + more >= TW_SPEC_MAX) return 0;
    memcpy(to + n, text, more + 1);
    return 1;
}

static int write_spec(const struct reading *r, tw_exchange_choice *out)
{
    const int is_plain = strcmp(out->transport->name, "threads") == 0;
    if (is_plain)
        return join(out->spec, out->protocol->name) && write_options(r, PROTOCOL, out->spec) &&
               write_options(r, TRANSPORT, out->spec);
    return join(out->spec, out->transport->name) && write_options(r, TRANSPORT, out->spec) &&
           join(out->spec, "+") && join(out->spec, out->protocol->name) &&
           write_options(r, PROTOCOL, out->spec);
}

static tw_status read_exchange(tw_exchange_choice *out, const char *text, tw_error *err)
{
    tw__spec spec[2];
    char spelt[2][TW_SPEC_MAX];
    int parts;
    TW_TRY(parse(out, tw__text_of(text), spec, spelt, &parts, err));
    if (!out->transport) {
        out->is_exact = out->is_repeatable = 1;
        return join(out->spec, "local") ? TW_OK : TW_ERR_INTERNAL;
    }
    if (out->protocol->shares_memory && strcmp(out->transport->name, "threads") != 0)
        return tw__fail(err, TW_ERR_SPEC, "%s: the workers of %s share memory, so it runs on threads alone",
                        out->transport->name, out->protocol->name);
    struct reading r = {.table = {table_of(out->protocol), table_of(out->transport)},
                        .values = {out->values, out->transport_values},
                        .lists = {.n = 1}};
    r.table[TRANSPORT].lists = &r.lists;
    for (int k = 0; k < 2; k++) r.table[k].quoted = &r.quoted[k];
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < r.table[k].n; i++) r.values[k][i] = r.table[k].options[i].initial;
    const int first = parts == 2 || find(spec[0].name)->is_transport ? TRANSPORT : PROTOCOL;
    TW_TRY(read_items(&r, first, &spec[0], err));
    if (parts == 2) TW_TRY(read_items(&r, PROTOCOL, &spec[1], err));
    _Static_assert(sizeof out->lists == sizeof r.lists.at, "lists are copied");
    memcpy(out->lists, r.lists.at, sizeof out->lists);
    const tw__protocol *protocol = tw__protocol_of(out->protocol);
    if (r.quoted[PROTOCOL].n >= sizeof out->quoted)
        return tw__fail(err, TW_ERR_SPEC, "exchange \"%.60s\" is too long", text);
    if (r.quoted[PROTOCOL].n) memcpy(out->quoted, r.quoted[PROTOCOL].at, r.quoted[PROTOCOL].n);
    const enum tw__bits bits = protocol->bits_with ? protocol->bits_with(out->values) : protocol->bits;
    out->is_exact = bits == TW__BITS_OF_LOCAL;
    out->is_repeatable = bits != TW__BITS_VARY || tw__transport_of(out->transport)->is_virtual;
    return write_spec(&r, out) ? TW_OK : tw__fail(err, TW_ERR_SPEC, "exchange \"%.60s\" is too long", text);
}

tw_status tw_exchange_read(tw_exchange_choice *out, const char *text, tw_error *err)
{
    TW_NEEDS(err, out);
    *out = (tw_exchange_choice){.protocol = NULL};
    TW_NEEDS(err, text);
    const tw_status s = read_exchange(out, text, err);
    if (s != TW_OK) *out = (tw_exchange_choice){.protocol = NULL};
    return s;
}
