/* SPDX-License-Identifier: MIT */
/*
 * What must hold: while connections live, at their end, at each step, and when
 * all is over.
 */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include "stream.h"
#include "world.h"

/* Nothing has happened yet: what each host has is what it has to have again. */
void judge_begin(void);
/* All faults are over. */
void judge_healed(void);
bool judge_is_healed(void);
/* Between two events. */
void judge_step(void);
/* The programs are at rest, and lwIP's timers have been. */
void judge_end(void);
void judge_count(struct figures *f);
_Noreturn void judge_waits_for_ever(void);

/* ---- Of ends of connections ---------------------------------------------- */

void judge_opened(const struct end *e);
/* The server has read which connection it is. */
void judge_introduced(const struct end *e);
/* The peer's end of the stream was read. */
void judge_eof(const struct end *e);
/* Its program is done with it, well or with e->err. */
void judge_end_of(const struct end *e);
/* Its socket is closed. */
void judge_closed(const struct end *e);
/* socket() failed. */
void judge_no_socket(struct host *h, struct conn *c, int err);

#endif
