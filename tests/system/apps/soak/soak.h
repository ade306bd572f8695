/* SPDX-License-Identifier: MIT */
/* The programs' main functions. None returns but for an error, with its status. */
#ifndef SOAK_H
#define SOAK_H

/* apps/echo; argv as main() has it. */
int echo_main(int argc, char **argv);

/* apps/proxy; argv as main() has it. */
int proxy_main(int argc, char **argv);

/* tests/system/apps/http.c, which has no arguments. */
int http_main(void);

#endif
