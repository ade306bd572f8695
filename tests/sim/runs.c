/* SPDX-License-Identifier: MIT */
/*
 * The processes of runs, and how they fail.
 */
#include "runs.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history.h"
#include "host.h"

/* Of CPU: a run that takes so long goes round in circles. */
#define CPU_MAX 300
#define SHOWN 60

static struct plan plan;
static struct figures *own; /* of this process */
static const char *program;
static char object[PATH_MAX];

void runs_init(const char *name)
{
	char copy[PATH_MAX];

	program = name;
	snprintf(copy, sizeof(copy), "%s", name);
	snprintf(object, sizeof(object), "%s/host.so", dirname(copy));
}

const char *run_program(void)
{
	return program;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 5381;

	while (*text)
		hash = hash * 33 + (uint8_t)*text++;
	return hash;
}

/* ---- Inside -------------------------------------------------------------- */

void fail(const char *fmt, ...)
{
	va_list ap;

	signal(SIGSEGV, SIG_DFL);
	own->failure = hash_text(fmt);
	printf("# seed %llu fails at %llu.%09llu s: ",
	       (unsigned long long)plan.seed, (unsigned long long)(now / SEC),
	       (unsigned long long)(now % SEC));
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	plan_print(&plan);
	history_print(SHOWN);
	fflush(stdout);
	_exit(1);
}

static void on_signal(int sig)
{
	fail("signal %d: %s", sig, strsignal(sig));
}

static void catch_signals(void)
{
	static char stack[1 << 16];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction act = { .sa_handler = on_signal,
				 .sa_flags = SA_ONSTACK | SA_NODEFER };
	static const int signals[] = { SIGBUS,	SIGILL,	   SIGFPE, SIGTRAP,
				       SIGABRT, SIGVTALRM, SIGSEGV };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &act, NULL);
}

static void limit_cpu(void)
{
	struct itimerval limit = { .it_value.tv_sec = CPU_MAX };

	setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static _Noreturn void run_inside(struct run *run, const char *keep)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!history_verbose) {
		dup2(run->output, STDOUT_FILENO);
		dup2(run->output, STDERR_FILENO);
	}
	own = run->figures;
	catch_signals();
	limit_cpu();
	plan_make(&plan, run->seed);
	if (keep)
		plan_keep(&plan, keep);
	hosts_load(object, plan.nr_hosts);
	world_run(&plan, run->figures);
	fflush(stdout);
	_exit(0);
}

/* ---- Outside ------------------------------------------------------------- */

void run_start(struct run *run, uint64_t seed, const char *keep)
{
	*run = (struct run){ .seed = seed };
	run->output = memfd_create("output", 0);
	run->figures = mmap(NULL, sizeof(*run->figures), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	run->pid = fork();
	if (run->output < 0 || run->figures == MAP_FAILED || run->pid < 0) {
		perror("a run");
		exit(2);
	}
	if (!run->pid)
		run_inside(run, keep);
}

void run_ended(struct run *run, int status)
{
	run->failed = status != 0;
	if (WIFSIGNALED(status))
		dprintf(run->output, "# seed %llu: ended by signal %d\n",
			(unsigned long long)run->seed, WTERMSIG(status));
}

/* Each line is a comment: the sanitizers' are none. */
void run_print(const struct run *run)
{
	FILE *f = fdopen(dup(run->output), "r");
	char line[1024];

	rewind(f);
	while (fgets(line, sizeof(line), f))
		printf("%s%s", line[0] == '#' ? "" : "# ", line);
	fclose(f);
}

void run_free(struct run *run)
{
	close(run->output);
	munmap(run->figures, sizeof(*run->figures));
}

bool run_fails_again(const struct run *first, const char *keep)
{
	struct run run;
	bool same;
	int status;

	run_start(&run, first->seed, keep);
	waitpid(run.pid, &status, 0);
	run_ended(&run, status);
	same = run.failed && run.figures->failure == first->figures->failure;
	run_free(&run);
	return same;
}
