/* SPDX-License-Identifier: MIT */
#include "soak.h"

#define main echo_main
#include "../../../../apps/echo/echo.c"
