#!/bin/sh
# SPDX-License-Identifier: MIT
# 24 hours of simulated time, the same every time: tests/sim.
exec build/sim/fast/sim --first="${SEED:-1}" --hours="${HOURS:-24}" --jobs=2
