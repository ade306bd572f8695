/* SPDX-License-Identifier: MIT */
/*
 * proc(5): the files that programs read about themselves and the machine. What
 * they say differs between machines, its form does not.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char text[1 << 16];

/* The file's text; "" when it cannot be read. */
static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n = 0;

	while (fd >= 0 && len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	return n < 0 ? "" : text;
}

/* The number behind name and blanks at a line's start; -1: none. */
static long long number(const char *name)
{
	const char *line = text;

	for (; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, name, strlen(name)))
			continue;
		line += strlen(name);
		while (isspace((unsigned char)*line))
			line++;
		return isdigit((unsigned char)*line) ? atoll(line) : -1;
	}
	return -1;
}

static long long one_number(const char *path)
{
	return isdigit((unsigned char)*slurp(path)) ? atoll(text) : -1;
}

static void test_stat(void)
{
	char name[64], *rest, *word;
	int pid, fields = 2;
	char state;

	slurp("/proc/self/stat");
	ok(sscanf(text, "%d (%63[^)]) %c", &pid, name, &state) == 3,
	   "stat: pid, name, state");
	ok(pid == getpid() && state == 'R', "stat: it runs");
	rest = strrchr(text, ')') + 1;
	for (word = strtok(rest, " \n"); word; word = strtok(NULL, " \n")) {
		fields++;
		if (fields == 20)
			ok(atoi(word) == 1, "stat: field 20: one thread");
		if (fields == 23)
			ok(atoll(word) > 4096, "stat: field 23: size in bytes");
		if (fields == 24)
			ok(atoll(word) >= 0, "stat: field 24: pages present");
		if (fields == 38)
			ok(atoi(word) == 17, "stat: field 38: SIGCHLD");
	}
	ok(fields == 52, "stat: 52 fields");
	ok(sscanf(slurp("/proc/self/statm"), "%*d %*d %*d %*d %*d %*d %d",
		  &pid) == 1,
	   "statm: seven numbers");
}

static int first_cpu(void)
{
	cpu_set_t cpus;
	int cpu = 0;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &cpus))
		cpu++;
	return cpu;
}

static void test_status(void)
{
	slurp("/proc/self/status");
	ok(!strncmp(text, "Name:\t", 6), "status: begins with the name");
	ok(number("Pid:") == getpid() && number("Tgid:") == getpid(),
	   "status: Pid, Tgid");
	ok(number("Uid:") == (long long)getuid() &&
		   number("Gid:") == (long long)getgid(),
	   "status: Uid, Gid");
	ok(number("Threads:") == 1, "status: Threads");
	ok(number("VmSize:") > 0 && number("VmRSS:") > 0,
	   "status: VmSize, VmRSS");
	ok(number("FDSize:") > 0, "status: FDSize");
	ok(strstr(text, "\nSigBlk:\t0000000000000000\n"), "status: SigBlk");
	ok(number("Cpus_allowed_list:") == first_cpu(),
	   "status: Cpus_allowed_list");
	ok(strstr(text, "State:\tR (running)"), "status: it runs");
	prctl(PR_SET_NAME, "a name");
	ok(!strncmp(slurp("/proc/self/status"), "Name:\ta name\n", 13),
	   "status: the name that prctl() gave");
	ok(!strcmp(slurp("/proc/self/comm"), "a name\n"), "comm: the same");
}

/* The line of /proc/self/maps that has addr; NULL: none. */
static const char *map_of(const void *addr)
{
	static char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end, at = (unsigned long)addr;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%lx-%lx", &start, &end) == 2 &&
			start <= at && at < end;
	if (f)
		fclose(f);
	return found ? line : NULL;
}

static bool has_map(const void *addr, const char *rights, const char *name)
{
	const char *line = map_of(addr);
	char found[8], path[256] = "";
	int column = 0;

	if (!line || sscanf(line, "%*s %7s %*x %*x:%*x %*u %n%255[^\n]", found,
			    &column, path) < 1)
		return false;
	if (strcmp(found, rights) || strcmp(path, name))
		return false;
	return !*name || column == 73;
}

static void test_maps(void)
{
	char *p = mmap(NULL, 4096 * 3, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *s = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	char exe[256] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	ok(n > 0 && exe[0] == '/', "exe: an absolute path");
	ok(has_map((void *)test_maps, "r-xp", exe), "maps: the program's code");
	ok(has_map(&p, "rw-p", "[stack]"), "maps: the stack");
	mprotect(p + 4096, 4096, PROT_NONE);
	ok(map_of(p + 4096) &&
		   strstr(map_of(p + 4096), " ---p 00000000 00:00 0 \n"),
	   "maps: no access, no name");
	ok(map_of(p) && strstr(map_of(p), " rw-p 00000000 00:00 0 \n"),
	   "maps: read and write");
	ok(map_of(s) && strstr(map_of(s), " r--s 00000000 "), "maps: shared");
	ok(!munmap(p, 4096 * 3) && !map_of(p),
	   "maps: what is gone is not shown");
}

static void test_descriptors(void)
{
	char path[64], target[128], want[128];
	int fd = eventfd(0, EFD_CLOEXEC), ep = epoll_create1(0), found = 0;
	int sock = socket(AF_INET, SOCK_STREAM, 0);
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 77 };
	int null = open("/dev/null", O_WRONLY | O_APPEND);
	struct dirent *entry;
	struct stat st;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	ok(!strcmp(target, "anon_inode:[eventfd]"), "fd: of an eventfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ep);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	ok(!strcmp(target, "anon_inode:[eventpoll]"), "fd: of an epoll");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", sock);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	fstat(sock, &st);
	snprintf(want, sizeof(want), "socket:[%lu]", (unsigned long)st.st_ino);
	ok(!strcmp(target, want), "fd: of a socket, with its number");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", null);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	ok(!strcmp(target, "/dev/null"), "fd: of a file with a path");
	ok(!lstat(path, &st) && S_ISLNK(st.st_mode), "fd: is a link");
	ok(!stat(path, &st) && S_ISCHR(st.st_mode), "fd: which leads there");
	dir = opendir("/proc/self/fd");
	while (dir && (entry = readdir(dir)))
		found += atoi(entry->d_name) == ep &&
			 isdigit((unsigned char)entry->d_name[0]);
	ok(found == 1, "fd: is listed once");
	if (dir)
		closedir(dir);
	ok(readlink("/proc/self/fd/12345", target, 10) == -1 && errno == ENOENT,
	   "fd: one that is not open: ENOENT");
	ok(readlink("/proc/self/fd/01", target, 10) == -1 && errno == ENOENT,
	   "fd: 01: ENOENT");
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ep);
	slurp(path);
	ok(!strncmp(text, "pos:\t0\nflags:\t02\nmnt_id:\t", 25),
	   "fdinfo: pos, flags, mnt_id");
	snprintf(want, sizeof(want), "\ntfd: %8d events: %8x data: %16llx ", fd,
		 EPOLLIN | EPOLLERR | EPOLLHUP, 77ULL);
	ok(strstr(text, want), "fdinfo: what an epoll watches");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	slurp(path);
	ok(strstr(text, "flags:\t02000002\n"), "fdinfo: O_CLOEXEC");
	ok(strstr(text, "\neventfd-count:                0\n"),
	   "fdinfo: an eventfd's count");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", null);
	slurp(path);
	ok(strstr(text, "flags:\t0102001\n"), "fdinfo: O_APPEND");
	close(fd);
	close(ep);
	close(sock);
	close(null);
}

static void test_limits(void)
{
	struct rlimit limit = { 4321, 0 }, old;
	char want[128];

	getrlimit(RLIMIT_NOFILE, &old);
	limit.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	slurp("/proc/self/limits");
	ok(!strncmp(text,
		    "Limit                     Soft Limit           "
		    "Hard Limit           Units     \n",
		    79),
	   "limits: the heading");
	snprintf(want, sizeof(want), "\n%-25s %-20d %-20lu %-10s\n",
		 "Max open files", 4321, (unsigned long)old.rlim_max, "files");
	ok(strstr(text, want), "limits: open files");
	setrlimit(RLIMIT_NOFILE, &old);
}

static void test_tree(void)
{
	struct stat st;

	ok(!stat("/proc/self", &st) && S_ISDIR(st.st_mode) &&
		   st.st_uid == getuid() && st.st_gid == getgid(),
	   "tree: self is the user's");
	ok(!stat("/proc/self/stat", &st) && S_ISREG(st.st_mode) &&
		   st.st_uid == getuid() && st.st_size == 0,
	   "tree: so are its files, of size 0");
	ok(!stat("/proc/uptime", &st) && st.st_uid == 0,
	   "tree: the machine's are root's");
	ok(!lstat("/proc/self", &st) && S_ISLNK(st.st_mode),
	   "tree: self is a link");
	ok(strstr(slurp("/proc/self/mounts"), " / "), "tree: self/mounts");
	ok(strstr(slurp("/proc/mounts"), " /proc proc "), "tree: mounts");
}

static void test_arguments(char **argv)
{
	size_t len = strlen(argv[0]);

	slurp("/proc/self/cmdline");
	ok(!strcmp(text, argv[0]), "cmdline: the name it was called by");
	argv[0][0] ^= 1;
	ok(!memcmp(slurp("/proc/self/cmdline"), argv[0], len + 1),
	   "cmdline: a change is seen");
	argv[0][0] ^= 1;
	ok(!environ[0] || !strcmp(slurp("/proc/self/environ"), environ[0]),
	   "environ: the first");
	ok(!environ[0] || argv[0] + len + 1 == environ[0],
	   "arguments: the environment follows them");
}

static void test_machine(void)
{
	double up, idle;
	char line[64];
	int fd;

	slurp("/proc/meminfo");
	ok(!strncmp(text, "MemTotal:       ", 16) && strstr(text, " kB\n"),
	   "meminfo: begins with MemTotal");
	ok(number("MemTotal:") > number("MemFree:") && number("MemFree:") > 0,
	   "meminfo: part of it is free");
	ok(number("MemAvailable:") > 0 && number("Slab:") > 0 &&
		   number("SwapTotal:") >= 0 && number("Committed_AS:") >= 0,
	   "meminfo: MemAvailable, Slab, SwapTotal, Committed_AS");
	ok(sscanf(slurp("/proc/uptime"), "%lf %lf", &up, &idle) == 2 && up > 0,
	   "uptime: two numbers");
	slurp("/proc/stat");
	ok(!strncmp(text, "cpu  ", 5) && number("cpu0") >= 0 &&
		   number("ctxt") > 0 && number("btime") > 1600000000 &&
		   number("processes") > 0 && number("procs_running") > 0,
	   "stat: cpu, ctxt, btime, processes");
	ok(strstr(slurp("/proc/interrupts"), "CPU0") && strstr(text, "LOC:") &&
		   strstr(text, "Local timer interrupts"),
	   "interrupts: the timer's");
	slurp("/proc/cpuinfo");
	ok(!strncmp(text, "processor\t: 0\nvendor_id\t: ", 26) &&
		   strstr(text, "\nmodel name\t: "),
	   "cpuinfo: processor, vendor, model");
	ok(!strncmp(slurp("/proc/version"), "Linux version ", 14), "version");
	ok(!strncmp(slurp("/proc/buddyinfo"), "Node 0, zone ", 13),
	   "buddyinfo: a zone");
	ok(!strncmp(slurp("/proc/zoneinfo"), "Node 0, zone ", 13) &&
		   strstr(text, "\n  pages free     "),
	   "zoneinfo: a zone, its free pages");
	fd = open("/proc/uptime", O_RDONLY);
	ok(read(fd, line, 1) == 1 && read(fd, line, 1) == 1 &&
		   lseek(fd, 0, SEEK_SET) == 0 && read(fd, line, 60) > 5,
	   "a file: read in pieces and again");
	ok(write(fd, "1", 1) == -1 && errno == EBADF, "a file: EBADF to write");
	close(fd);
	ok(open("/proc/nothing", O_RDONLY) == -1 && errno == ENOENT,
	   "a file: that is not: ENOENT");
}

static void test_settings(void)
{
	static const char *const positive[] = {
		"/proc/sys/fs/file-max",
		"/proc/sys/fs/file-nr",
		"/proc/sys/fs/nr_open",
		"/proc/sys/fs/epoll/max_user_watches",
		"/proc/sys/kernel/ngroups_max",
		"/proc/sys/kernel/pid_max",
		"/proc/sys/net/core/somaxconn",
		"/proc/sys/net/ipv4/ip_local_port_range",
		"/proc/sys/vm/max_map_count",
	};

	for (size_t i = 0; i < sizeof(positive) / sizeof(positive[0]); i++)
		ok(one_number(positive[i]) > 0, positive[i]);
	ok(one_number("/proc/sys/vm/overcommit_memory") >= 0,
	   "/proc/sys/vm/overcommit_memory");
	ok(one_number("/sys/devices/system/cpu/online") == 0,
	   "/sys/devices/system/cpu/online: from 0");
	ok(sysconf(_SC_NPROCESSORS_ONLN) > 0 &&
		   sysconf(_SC_NPROCESSORS_CONF) > 0,
	   "sysconf: processors");
	ok(sysconf(_SC_PHYS_PAGES) > 0 && sysconf(_SC_AVPHYS_PAGES) > 0,
	   "sysconf: pages");
}

int main(int argc, char **argv)
{
	test_arguments(argv);
	test_tree();
	test_stat();
	test_status();
	test_maps();
	test_descriptors();
	test_limits();
	test_machine();
	test_settings();
	return done_testing();
}
