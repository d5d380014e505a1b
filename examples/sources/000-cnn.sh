#!/bin/sh
# Source 000, section 4: a small convolutional network, compiled, trained for five epochs and tested; with Adam, and with its class SGDMOptimizer.
# It wants thalweg on the PATH. DATA=mnist takes MNIST itself (docs/cli.md, Data); options behind the script's name go to thalweg train.
# SPDX-License-Identifier: MIT
set -e
data=${DATA:-digits}

# model.summary()
thalweg summary --model cnn "$data"

# model.compile(optimizer='adam', ...); model.fit(..., epochs=5, validation_split=0.1); model.evaluate(...)
thalweg train "$data" --model cnn --optimizer adam@tf2 --epochs 5 --val 0.1 --out out/source000-adam "$@"
thalweg eval out/source000-adam "$data" --metrics accuracy

# model.compile(optimizer=SGDMOptimizer(learning_rate=0.01, momentum=0.9), ...): there the training continues where Adam's ended, here it begins anew.
# Its epsilon, which is added to every weight in every step, is part of the rule.
thalweg train "$data" --model cnn --optimizer sgd@source000:lr=0.01,momentum=0.9 --epochs 5 --val 0.1 --out out/source000-sgdm "$@"
thalweg eval out/source000-sgdm "$data" --metrics accuracy
