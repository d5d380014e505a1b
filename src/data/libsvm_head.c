/* The first lines of a text, word by word; see libsvm_head.h.
 * SPDX-License-Identifier: MIT */
#include "data/libsvm_head.h"
#include "base/options.h"
#include "data/number.h"

static tw__text cut(tw__text *rest, size_t n, size_t behind)
{
    const tw__text part = {rest->at, n};
    *rest = (tw__text){rest->at + n + behind, rest->n - n - behind};
    return part;
}

/* Cuts off the next line, without its comment. */
static tw__text next_line(tw__text *rest)
{
    const char *const end = memchr(rest->at, '\n', rest->n);
    tw__text line = cut(rest, end ? (size_t)(end - rest->at) : rest->n, end != NULL);
    const char *const comment = memchr(line.at, '#', line.n);
    if (comment) line.n = (size_t)(comment - line.at);
    return line;
}

/* Cuts off the next word; n = 0: there is none. */
static tw__text next_word(tw__text *line)
{
    size_t start = 0, n = 0;
    while (start < line->n && memchr(" \t\r", line->at[start], 3)) start++;
    cut(line, start, 0);
    while (n < line->n && !memchr(" \t\r", line->at[n], 3)) n++;
    return cut(line, n, 0);
}

static const char *colon_in(tw__text word) { return memchr(word.at, ':', word.n); }

/* "2:", "qid:", ":0.5" or the mistake "-1:", whatever follows. */
static int begins_feature(tw__text word)
{
    const char *const colon = colon_in(word), *const end = word.at + word.n;
    tw__text index = {word.at, colon ? (size_t)(colon - word.at) : 0};
    if (!colon || memchr(colon + 1, ':', (size_t)(end - colon - 1))) return 0;
    if (tw__text_is(index, "qid")) return 1;
    for (size_t i = index.n > 1 && index.at[0] == '-'; i < index.n; i++)
        if (!tw__is_digit(index.at[i])) return 0;
    return index.n > 0 || (colon + 1 < end && tw__is_digit(colon[1]));
}

static int is_number(tw__text word)
{
    double x;
    return tw__number_read(word, &x) != 0;
}

/* "2:0.5"; `cut_off`: the text ends with it. */
static int is_feature(tw__text word, int cut_off)
{
    const char *const colon = colon_in(word);
    if (cut_off) return 1;
    return colon && colon > word.at && begins_feature(word) &&
           is_number((tw__text){colon + 1, (size_t)(word.at + word.n - colon - 1)});
}

/* All words of a line, at least one, are features. */
static int are_features(tw__text line, const char *end)
{
    size_t n = 0;
    for (tw__text word = next_word(&line); word.n; word = next_word(&line), n++)
        if (!is_feature(word, n > 0 && word.at + word.n == end)) return 0;
    return n > 0;
}

int tw__is_libsvm(const char *text, size_t n)
{
    const char *const end = text + n;
    for (tw__text rest = {text, n}; rest.n;) {
        const tw__text line = next_line(&rest);
        tw__text more = line;
        const tw__text first = next_word(&more);
        tw__text features = more;
        const tw__text second = next_word(&more);
        if (second.n == 0) continue; /* a label alone, which any text can begin with */
        if (colon_in(first)) return are_features(line, end);
        return is_number(first) ? begins_feature(second) : are_features(features, end);
    }
    return 0;
}

int tw__libsvm_is_short(const char *text, size_t n)
{
    size_t words = 0;
    for (tw__text rest = {text, n}; rest.n;) {
        tw__text line = next_line(&rest);
        const tw__text word = next_word(&line);
        words += word.n > 0;
        if (next_word(&line).n || memchr(word.at, ',', word.n) || memchr(word.at, ';', word.n)) return 0;
    }
    return words > 0;
}

int tw__libsvm_has_qid(const char *text, size_t n)
{
    for (tw__text rest = {text, n}; rest.n;) {
        tw__text line = next_line(&rest);
        const tw__text first = next_word(&line), second = next_word(&line);
        if (first.n == 0) continue;
        return (first.n > 4 && memcmp(first.at, "qid:", 4) == 0) ||
               (second.n > 4 && memcmp(second.at, "qid:", 4) == 0);
    }
    return 0;
}

int tw__libsvm_has_sets(const char *text, size_t n)
{
    for (tw__text rest = {text, n}; rest.n;) {
        tw__text line = next_line(&rest);
        const tw__text first = next_word(&line);
        if (!colon_in(first) && memchr(first.at, ',', first.n)) return 1;
    }
    return 0;
}
