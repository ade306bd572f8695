#!/bin/sh
# SPDX-License-Identifier: MIT
# 24 hours of simulated time, from a seed of its own each day: tests/sim.
exec build/sim/fast/sim --first="${SEED:-$(date +%Y%m%d)0000}" --hours="${HOURS:-24}" --jobs=2
