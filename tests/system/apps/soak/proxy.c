/* SPDX-License-Identifier: MIT */
#include "soak.h"

#define main proxy_main
#include "../../../../apps/proxy/proxy.c"
