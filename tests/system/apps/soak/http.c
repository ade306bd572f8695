/* SPDX-License-Identifier: MIT */
#include "soak.h"

#define main http_main
#include "../http.c"
