/* SPDX-License-Identifier: MIT */
/*
 * vdso(7): the object that the kernel brings along, that the C library uses it,
 * and that its clocks and the system calls' are one clock.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "tap.h"

static const Elf64_Ehdr *vdso;
static const Elf64_Sym *symbols;
static const char *strings;
static const uint32_t *hash;
static const uint16_t *versions;
static const Elf64_Verdef *definitions;

static int (*vdso_gettime)(clockid_t id, struct timespec *ts);
static int (*vdso_getres)(clockid_t id, struct timespec *ts);
static int (*vdso_gettimeofday)(struct timeval *tv, struct timezone *tz);
static time_t (*vdso_time)(time_t *t);
static long (*vdso_getcpu)(unsigned int *cpu, unsigned int *node, void *unused);

static const void *at(uint64_t offset)
{
	return (const char *)vdso + offset;
}

static void read_dynamic(const Elf64_Dyn *d)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *value = at(d->d_un.d_ptr);

		if (d->d_tag == DT_SYMTAB)
			symbols = value;
		else if (d->d_tag == DT_STRTAB)
			strings = value;
		else if (d->d_tag == DT_HASH)
			hash = value;
		else if (d->d_tag == DT_VERSYM)
			versions = value;
		else if (d->d_tag == DT_VERDEF)
			definitions = value;
	}
}

static bool has_version(size_t symbol, const char *want)
{
	const Elf64_Verdef *def = definitions;
	const Elf64_Verdaux *aux;

	while (def->vd_ndx != (versions[symbol] & 0x7fff)) {
		if (!def->vd_next)
			return false;
		def = (const void *)((const char *)def + def->vd_next);
	}
	aux = (const void *)((const char *)def + def->vd_aux);
	return !strcmp(strings + aux->vda_name, want);
}

/* Number 1 of the hash table's head is the number of symbols. */
static void *find(const char *name)
{
	for (size_t i = 1; hash && i < hash[1]; i++)
		if (!strcmp(strings + symbols[i].st_name, name) &&
		    symbols[i].st_shndx != SHN_UNDEF &&
		    has_version(i, "LINUX_2.6"))
			return (void *)at(symbols[i].st_value);
	return NULL;
}

static void test_object(void)
{
	const Elf64_Phdr *phdr;
	int loads = 0;

	vdso = (const void *)getauxval(AT_SYSINFO_EHDR);
	ok(vdso, "vdso: AT_SYSINFO_EHDR is there");
	if (!vdso)
		exit(done_testing());
	ok(!memcmp(vdso->e_ident, ELFMAG, SELFMAG) && vdso->e_type == ET_DYN &&
		   vdso->e_machine == EM_X86_64,
	   "vdso: it points to a shared object");
	phdr = at(vdso->e_phoff);
	for (int i = 0; i < vdso->e_phnum; i++) {
		if (phdr[i].p_type == PT_DYNAMIC)
			read_dynamic(at(phdr[i].p_offset));
		loads += phdr[i].p_type == PT_LOAD;
	}
	ok(loads == 1, "vdso: of one segment");
	vdso_gettime = find("__vdso_clock_gettime");
	vdso_getres = find("__vdso_clock_getres");
	vdso_gettimeofday = find("__vdso_gettimeofday");
	vdso_time = find("__vdso_time");
	vdso_getcpu = find("__vdso_getcpu");
	ok(vdso_gettime && vdso_getres && vdso_gettimeofday && vdso_time &&
		   vdso_getcpu,
	   "vdso: five functions of version LINUX_2.6");
}

static int64_t by_call(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t by_vdso(clockid_t id)
{
	struct timespec ts;

	vdso_gettime(id, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* One after the other, long enough that the clock's rate is corrected. */
static bool never_back(clockid_t id, int64_t ns)
{
	int64_t last = by_call(id), end = last + ns;

	while (last < end) {
		for (int i = 0; i < 100; i++) {
			int64_t t = i & 1 ? by_call(id) : by_vdso(id);

			if (t < last)
				return false;
			last = t;
		}
	}
	return true;
}

/* A reading lies between two by system call, but for its precision. */
#define AGREES(id, reading, precision_ns)                        \
	({                                                       \
		int64_t before = by_call(id), t = (reading);     \
		before - (precision_ns) <= t &&t <= by_call(id); \
	})
#define TICK_NS 10000000 /* of the coarse clocks, at most */

static void test_clocks(void)
{
	static const clockid_t ids[] = {
		CLOCK_REALTIME,	     CLOCK_MONOTONIC,
		CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_BOOTTIME,	     CLOCK_MONOTONIC_COARSE,
		CLOCK_TAI,	     CLOCK_PROCESS_CPUTIME_ID,
	};
	bool all = true, resolution = true;
	struct timespec ts;
	struct timeval tv;
	time_t seconds;

	ok(never_back(CLOCK_MONOTONIC, 1200000000),
	   "clocks: monotonic, vDSO and system call in turn: never back");
	ok(never_back(CLOCK_REALTIME, 100000000),
	   "clocks: real time, vDSO and system call in turn: never back");
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		all &= AGREES(ids[i], by_vdso(ids[i]), 0);
		ts.tv_nsec = 0;
		resolution &= !vdso_getres(ids[i], &ts) && ts.tv_nsec > 0;
	}
	ok(all, "clocks: each is the system call's");
	ok(resolution, "clocks: each has a resolution");
	ok(!vdso_getres(CLOCK_MONOTONIC, NULL),
	   "clocks: which need not be told");
	ok(vdso_gettime(99, &ts) == -EINVAL && vdso_getres(99, &ts) == -EINVAL,
	   "clocks: an unknown one: EINVAL");
	ok(AGREES(CLOCK_REALTIME, ({
			  all &= !vdso_gettimeofday(&tv, NULL);
			  tv.tv_sec * 1000000000LL + tv.tv_usec * 1000;
		  }),
		  1000) &&
		   all,
	   "clocks: gettimeofday");
	ok(!vdso_gettimeofday(NULL, NULL), "clocks: gettimeofday of nothing");
	ok(AGREES(CLOCK_REALTIME, ({
			  all &= vdso_time(&seconds) == seconds;
			  seconds * 1000000000LL;
		  }),
		  1000000000 + TICK_NS) &&
		   AGREES(CLOCK_REALTIME, vdso_time(NULL) * 1000000000LL,
			  1000000000 + TICK_NS) &&
		   all,
	   "clocks: time");
}

static void test_getcpu(void)
{
	unsigned int cpu = 99999, node = 99999;

	ok(!vdso_getcpu(&cpu, &node, NULL) && cpu < 99999 && node < 99999,
	   "getcpu: cpu and node");
	ok(!vdso_getcpu(NULL, NULL, NULL), "getcpu: neither");
	ok(sched_getcpu() >= 0, "getcpu: by the C library");
}

/* ---- Without its data the vDSO faults: who calls it shows itself. -------- */

static char *data_start, *data_end;
static sigjmp_buf out;
static volatile bool inside;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	char *addr = info->si_addr;

	inside = addr >= data_start && addr < data_end;
	siglongjmp(out, 1);
}

/* All [vvar...] together: Linux 6.13 has two of them. */
static void find_data(void)
{
	char line[256], *end;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "[vvar"))
			continue;
		char *start = (char *)strtoul(line, &end, 16);

		if (!data_start)
			data_start = start;
		data_end = (char *)strtoul(end + 1, NULL, 16);
	}
	if (maps)
		fclose(maps);
}

#define FAULTS(call)                    \
	({                              \
		inside = false;         \
		if (!sigsetjmp(out, 1)) \
			(void)(call);   \
		inside;                 \
	})

static void test_library(void)
{
	struct sigaction act = { .sa_sigaction = on_fault,
				 .sa_flags = SA_SIGINFO };
	struct timespec ts;
	struct timeval tv;

	find_data();
	ok(data_start && data_end <= (const char *)vdso,
	   "data: [vvar] is in /proc/self/maps, below the code");
	ok(mprotect(data_start, 4096, PROT_READ | PROT_WRITE) == -1 &&
		   errno == EACCES,
	   "data: cannot be made writable: EACCES");
	ok(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, data_start) == -1 &&
		   errno == EFAULT,
	   "data: the kernel does not write there either: EFAULT");
	sigaction(SIGSEGV, &act, NULL);
	ok(FAULTS(*(volatile char *)data_start = 1), "data: is read-only");
	clock_gettime(CLOCK_MONOTONIC, &ts);
	gettimeofday(&tv, NULL);
	ok(!munmap(data_start, data_end - data_start), "data: is unmapped");
	ok(FAULTS(clock_gettime(CLOCK_MONOTONIC, &ts)),
	   "libc: clock_gettime(CLOCK_MONOTONIC) is the vDSO's");
	ok(FAULTS(clock_gettime(CLOCK_REALTIME, &ts)),
	   "libc: clock_gettime(CLOCK_REALTIME) is the vDSO's");
	ok(FAULTS(gettimeofday(&tv, NULL)),
	   "libc: gettimeofday() is the vDSO's");
	ok(FAULTS(time(NULL)), "libc: time() is the vDSO's");
	ok(!FAULTS(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts)),
	   "libc: the system call does not need it");
}

int main(void)
{
	test_object();
	test_clocks();
	test_getcpu();
	test_library();
	return done_testing();
}
