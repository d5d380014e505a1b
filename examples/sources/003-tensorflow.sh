#!/bin/sh
# Source 003's six listings: a network of 784, 128 and 10 units with dropout, trained for five epochs by six optimisers,
# in the form that they have in tf.keras of TensorFlow 2.0 to 2.10.
# It wants thalweg on the PATH. DATA=mnist takes MNIST itself (docs/cli.md, Data); options behind the script's name go to thalweg train.
# SPDX-License-Identifier: MIT
set -e
data=${DATA:-digits}
network="flatten; dense 128 relu; dropout 0.2; dense 10 softmax"

fit() { # fit NAME OPTIMIZER OPTION...
    name=$1 optimizer=$2
    shift 2
    echo "$name: $optimizer"
    thalweg train "$data" --model "$network" --optimizer "$optimizer" --epochs 5 --out "out/source003-$name" "$@"
}

fit sgd sgd@tf2:lr=0.01 "$@"                          # optimizer='sgd'
fit momentum sgd@tf2:lr=0.01,momentum=0.9 "$@"        # SGD(learning_rate=0.01, momentum=0.9)

# SGD(learning_rate=0.01, nesterov=True): without a momentum there is nothing to look ahead with, and this would be sgd once more. It is refused:
! thalweg explain sgd@tf2:lr=0.01,nesterov=1
fit nag sgd@tf2:lr=0.01,momentum=0.9,nesterov=1 "$@"

fit adagrad adagrad@tf2:lr=0.01 "$@"                  # Adagrad(learning_rate=0.01)
fit rmsprop rmsprop@tf2:lr=0.01 "$@"                  # RMSprop(learning_rate=0.01)
fit adam adam@tf2:lr=0.01 "$@"                        # Adam(learning_rate=0.01)
