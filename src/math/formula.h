/* Formulas: "base * exp(-t/500)" as a flat program that is evaluated in double with the same bits everywhere.
 *
 *     formula    = comparison [ "?" formula ":" formula ]
 *     comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]           1 where it holds, else 0
 *     sum        = product { ("+" | "-") product }          product = factor { ("*" | "/") factor }
 *     factor     = "-" factor | primary [ "^" factor ]      so -2^2 is -4, 2^-1 is 0.5 and 2^3^2 is 2^9
 *     primary    = number | variable | "pi" | "e" | function "(" formula { "," formula } ")" | "(" formula ")"
 *
 * Functions: exp log sqrt sin cos tanh abs floor ceil; min max pow of two; if(c, a, b), which is c ? a : b: a
 * where c is neither 0 nor NaN. Both branches are evaluated, the one that is not taken leaves no trace. max
 * and min of a NaN are NaN.
 * SPDX-License-Identifier: MIT */
#ifndef TW_MATH_FORMULA_H
#define TW_MATH_FORMULA_H
#include "base/spec.h"

/* What a term takes from the stack follows from its place in this list: nothing, one value, two, three. Each
 * puts one value back. */
typedef enum tw__operation {
    TW__NUMBER,
    TW__VARIABLE,
    TW__NEGATE,
    TW__EXP,
    TW__LOG,
    TW__SQRT,
    TW__SIN,
    TW__COS,
    TW__TANH,
    TW__ABS,
    TW__FLOOR,
    TW__CEIL,
    TW__ADD,
    TW__SUBTRACT,
    TW__MULTIPLY,
    TW__DIVIDE,
    TW__POWER,
    TW__MIN,
    TW__MAX,
    TW__LESS,
    TW__AT_MOST,
    TW__MORE,
    TW__AT_LEAST,
    TW__EQUAL,
    TW__DIFFERENT,
    TW__IF
} tw__operation;
int tw__operation_takes(tw__operation o);
/* What an operation that takes one value, or two, makes of them. */
double tw__operation_of_one(tw__operation o, double x);
double tw__operation_of_two(tw__operation o, double x, double y);

/* number: the value of a TW__NUMBER, the place of a TW__VARIABLE. */
typedef struct tw__term {
    tw__operation operation;
    double number;
} tw__term;
/* In postfix order: a value is on the stack before what uses it. */
typedef struct tw_formula {
    int n;
    const tw__term *terms;
} tw_formula;

/* limits; what is beyond is refused when it is read */
enum { TW__FORMULA_STACK = 32, TW__FORMULA_NESTING = 64 };

/* Reads into terms[0 .. capacity-1]; *n is how many there are then. variables: names separated by spaces, "t
 * T base"; one may hide pi and e. TW_ERR_SPEC with the place (from 1) of the first character that is
 * wrong. */
tw_status tw__formula_read(tw__term *terms, int capacity, int *n, tw__text text, const char *variables,
                           tw_error *err);
/* values: one for each variable. */
double tw__formula_value(const tw_formula *f, const double *values);
int tw__formula_uses(const tw_formula *f, int variable);
#endif
