/* What both forms of katyusha share: the lengths of its rounds and steps.
 * SPDX-License-Identifier: MIT */
#ifndef TW_ESTIMATORS_KATYUSHA_H
#define TW_ESTIMATORS_KATYUSHA_H
#include "estimators/by_row.h"

#define TW__TAU2 0.5

uint64_t tw__katyusha_round(const tw__estimator *e);   /* updates */
double tw__katyusha_convexity(const tw__estimator *e); /* 0: none is known */
/* tau1 of an update with a step of this length */
double tw__katyusha_tau(const tw__estimator *e, uint64_t number, double lr);

/* katyusha_by_row.c */
extern const tw__by_row_form tw__katyusha_by_row;
#endif
