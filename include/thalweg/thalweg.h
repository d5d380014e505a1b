/* libthalweg. All public headers in one, and what each is for.
 *
 * Thalweg has three libraries; each needs those before it. A program includes the headers that it uses, or
 * this one, and links the library that they belong to. Functions are named tw_, macros and enumerators TW_.
 *
 * Where to begin:
 *
 *   header          library            what for
 *
 *   thalweg.h       libthalweg         this index
 *   error.h         libthalweg         status codes, error details, and the rules for all calls: errors,
 *     ownership, threads
 *   context.h       libthalweg         what every object is created from: allocator, files, log, threads
 *   optimizer.h     libthalweg         one step at a time on any weights: rules, schedules, groups, sparse
 *     steps
 *   data.h          libthalweg-train   rows with labels, from files or from memory
 *   model.h         libthalweg-train   networks: create, save, load
 *   train.h         libthalweg-train   training: the loop over any objective, evaluation, and jobs that keep
 *     a run in a directory
 *   objective.h     libthalweg-train   what is minimised: write one to train a custom model
 *   race.h          libthalweg-race    several optimisers compared over several seeds, with a report
 *
 * In detail:
 *
 *   version.h       libthalweg         the version
 *   registry.h      libthalweg         lists of rules, transforms and schedules, their options, and what a
 *     spec says
 *   rule.h          libthalweg         custom update rules, and the descriptors of all rules
 *   rule_like.h     libthalweg         a rule file: a rule that is another one with other defaults
 *   schedule.h      libthalweg         the descriptors of schedules
 *   visitor.h       libthalweg         an object's state, for any file format
 *   state.h         libthalweg-train   an optimiser's state in a safetensors file
 *   metrics.h       libthalweg-train   how good predictions are: AUC, F1, R2, ...
 *   augment.h       libthalweg-train   what changes training images at random: shift, rotate, elastic, ...
 *   run_log.h       libthalweg-train   the log of a run in a file: JSON, CSV, TensorBoard
 *   replay.h        libthalweg-train   a step of a run that was made, once more: norms, gradients, rows
 *   generate.h      libthalweg-train   text from a model of texts
 *   options.h       libthalweg-train   the options of a run as a table, and their JSON configuration
 *   estimator.h     libthalweg-train   gradient estimators: svrg, saga, sam, ...
 *   exchange.h      libthalweg-train   how workers share their progress: parameter servers, simulated ones
 *   link.h          libthalweg-train   what carries messages between processes: MPI, or something else
 *   control.h       libthalweg-train   controls that monitor a run: plateau, early_stop, armijo
 *   solver.h        libthalweg-train   solvers, with a loop of their own: lbfgs, newton
 *   linear.h        libthalweg-train   linear and logistic regression on rows in memory
 *   surface.h       libthalweg-train   test functions of two variables, and formulas
 *   report.h        libthalweg-race    the page of a single run
 *   trajectory.h    libthalweg-race    where an optimiser moves on a surface, step by step
 *   find_lr.h       libthalweg-race    the learning-rate range test
 *   compare.h       libthalweg-race    how two rules differ: equations, options, steps
 *   figure.h        libthalweg-race    the figures of the source documents
 *   api.h           libthalweg         TW_API
 *
 * Parts of rule.h, which includes them in the middle of a rule file; no program does:
 *
 *   rule_stamp.h    libthalweg         what a rule file defines, and what is made of it
 *   rule_kernels.h  libthalweg         the kernels of one precision
 *   rule_clean.h    libthalweg         takes the names of a finished rule away
 *
 * New here? Read error.h and the first lines of context.h, then the usage at the head of the header that you
 * need: optimizer.h to update weights yourself, train.h to train a network, race.h to compare optimisers.
 * docs/embedding.md says how to compile and link.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_THALWEG_H
#define THALWEG_THALWEG_H
#include <thalweg/api.h>
#include <thalweg/context.h>
#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/registry.h>
#include <thalweg/rule.h>
#include <thalweg/schedule.h>
#include <thalweg/version.h>
#include <thalweg/visitor.h>
#if __has_include(<thalweg/train.h>) /* not installed with the core alone (TW_CORE_ONLY) */
#include <thalweg/compare.h>
#include <thalweg/control.h>
#include <thalweg/augment.h>
#include <thalweg/data.h>
#include <thalweg/estimator.h>
#include <thalweg/exchange.h>
#include <thalweg/figure.h>
#include <thalweg/find_lr.h>
#include <thalweg/generate.h>
#include <thalweg/linear.h>
#include <thalweg/link.h>
#include <thalweg/metrics.h>
#include <thalweg/run_log.h>
#include <thalweg/model.h>
#include <thalweg/objective.h>
#include <thalweg/options.h>
#include <thalweg/race.h>
#include <thalweg/replay.h>
#include <thalweg/report.h>
#include <thalweg/solver.h>
#include <thalweg/state.h>
#include <thalweg/surface.h>
#include <thalweg/train.h>
#include <thalweg/trajectory.h>
#endif
#endif
