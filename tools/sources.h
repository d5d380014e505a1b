/* What the five source documents name, each thing with what shows it here. A document is a file sources_NNN.c
 * and a line of CLI_SOURCES; a row of its table is one thing that the document names.
 *
 * The evidence of a claim is a verdict, "yes: ", "depends: " or "no: ", and what its command must print for
 * that, joined by "; ":
 *   loss of adam < 0.5 x loss of sgd    columns and rows of what is printed, and numbers; also > and =; "-"
 *     counts as infinite;
 *                                       "loss of sgd (2)" is in the second row of that name
 *   'w = w - lr g'                      these words, with a number or an equation among them
 *   saddle-1                            a claim of thalweg figures, with the same verdict
 * tests/contracts/sources runs every command and compares.
 * SPDX-License-Identifier: MIT */
#ifndef TOOLS_SOURCES_H
#define TOOLS_SOURCES_H
#include <stddef.h>

enum cli_kind { METHOD, FIGURE, CLAIM, LISTING, TECHNIQUE, MODEL, DATA, TOOL };

struct cli_named {
    const char *where; /* section, equation, figure */
    enum cli_kind kind;
    const char *printed, *english; /* as the document has it, to the letter; what that means */
    /* a command, "thalweg ..."; an example, "examples/..."; or one of the three below */
    const char *show;
    /* not built or not shown: why, and what there is instead. Otherwise a remark, or "" */
    const char *note;
    const char *evidence; /* of a claim that is shown; others leave it out */
};
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define NOT_BUILT "not built"
#define NOT_SHOWN "not shown"

struct cli_source {
    const char *id, *about; /* "004"; what it is */
    const struct cli_named *named;
    size_t n;
};
#define CLI_SOURCES(X) X(000) X(001) X(002) X(003) X(004)

/* Commands by which claims of several documents are shown. */
#define PLAIN "flatten; dense 128 relu; dense classes softmax"
#define SHORT_RACE " --epochs 2 --limit 10000 --seeds 3"
#define TUNED \
    "thalweg race digits --model mlp --optimizers 'sgd momentum nag adagrad rmsprop adadelta adam adamax nadam' --tune 8" SHORT_RACE
#define TUNED_CNN "thalweg race digits --model cnn --optimizers 'sgd momentum adam' --tune 4" SHORT_RACE
#define RATES \
    "thalweg race digits --model mlp --optimizers 'sgd:lr=0.001 sgd sgd:lr=0.1 sgd:lr=10 adam:lr=0.0001 adam adam:lr=0.01 adam:lr=0.1'" SHORT_RACE
#define SPARSE_RACE \
    "thalweg race sparse --model logistic --optimizers 'sgd:lr=3 sgd:lr=10 momentum:lr=3 adagrad:lr=0.3 rmsprop:lr=0.03 adam:lr=0.03' --epochs 2 --seeds 3"
#define SPARSE_ADAGRAD \
    "yes: val loss of adagrad:lr=0.3 < val loss of sgd:lr=10; val acc of adagrad:lr=0.3 > 1.05 x val acc of sgd:lr=10"
#define GREEDY \
    "thalweg train digits --model 'flatten; dense 64 sigmoid; dense 64 sigmoid; dense classes softmax' --pretrain 2 --pretrain-on digits --limit 500 --epochs 10"
#define RECURRENT \
    "thalweg race digits --model 'reshape 28x28; rnn 32 output=last; dense classes softmax' --optimizers 'sgd sgd:lr=0.5 clip_global_norm:max=0.5+sgd:lr=0.5 rmsprop adam' --epochs 3 --limit 10000 --seeds 3"
#define LR_TEST "thalweg train digits --model mlp --optimizer sgd --find-lr --limit 10000"
#define SAMPLING \
    "thalweg race digits --model mlp --optimizers 'single minibatch:lr=0.1 full:lr=0.5' --epochs 1 --seeds 1"
#define FEW_ROWS(optimizers) \
    "thalweg race digits --model '" PLAIN "' --optimizers '" optimizers "' --epochs 30 --limit 500 --seeds 3"
#define ON_FEW_ROWS " --optimizer adam --epochs 20 --limit 500 --val 0.1"
#define WITHOUT_DROPOUT "thalweg train digits --model '" PLAIN "'" ON_FEW_ROWS
#define DROPOUT \
    "thalweg train digits --model 'flatten; dense 128 relu; dropout 0.5; dense classes softmax'" ON_FEW_ROWS
#define SLOPE \
    "thalweg race --surface 'expr:\"x\",x=0,y=0' --optimizers 'sgd momentum adagrad rmsprop:lr=0.01' --steps 1000"
#define GENTLE_SLOPE "thalweg race --surface 'expr:\"x/10\",x=0,y=0' --optimizers 'sgd adagrad' --steps "
#define EARLY_AND_LATE GENTLE_SLOPE "10; " GENTLE_SLOPE "1000"
#define LOCAL_MINIMUM \
    "thalweg race --surface six-hump-camel --optimizers 'sgd momentum rmsprop nag:momentum=convex' --steps 300"

#endif
