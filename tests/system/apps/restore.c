/* SPDX-License-Identifier: MIT */
/*
 * A machine that is saved, restored and stopped: says at the host's word (a
 * letter on the console) what it draws (d) and what time it is (t), and starts
 * sleepers (s) that tell when they wake. Port 7 listens and accepts nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SLEEP_SECONDS 7

/* futex(2); the C library's headers are without them. */
#define FUTEX_WAIT_BITSET 9
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_BITSET_MATCH_ANY 0xffffffff

static struct timespec after(clockid_t id, int seconds)
{
	struct timespec t;

	clock_gettime(id, &t);
	t.tv_sec += seconds;
	return t;
}

static void draw(void)
{
	uint64_t r[2];
	char uuid[64] = "";
	int fd = open("/proc/sys/kernel/random/uuid", O_RDONLY);

	if (fd >= 0) {
		ssize_t n = read(fd, uuid, sizeof(uuid) - 1);

		uuid[n > 0 ? n : 0] = '\0';
		close(fd);
	}
	getrandom(r, sizeof(r), 0);
	uuid[strcspn(uuid, "\n")] = '\0';
	printf("drawn: %016llx%016llx %s\n", (unsigned long long)r[0],
	       (unsigned long long)r[1], uuid);
}

/* By the vDSO, and by the kernel. */
static void tell_time(void)
{
	struct timespec real, again, mono;

	clock_gettime(CLOCK_REALTIME, &real);
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &again);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	printf("time: %lld.%09ld %lld.%09ld %lld.%09ld\n",
	       (long long)real.tv_sec, real.tv_nsec, (long long)again.tv_sec,
	       again.tv_nsec, (long long)mono.tv_sec, mono.tv_nsec);
}

static void *sleep_monotonic(void *arg)
{
	struct timespec t = after(CLOCK_MONOTONIC, SLEEP_SECONDS);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	printf("woken: monotonic\n");
	return NULL;
}

static void *sleep_real(void *arg)
{
	struct timespec t = after(CLOCK_REALTIME, SLEEP_SECONDS);

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
	printf("woken: nanosleep\n");
	return NULL;
}

/* As glibc waits; musl makes a time from now of it. */
static void *sleep_futex(void *arg)
{
	struct timespec t = after(CLOCK_REALTIME, SLEEP_SECONDS);
	int word = 0;

	syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0,
		&t, NULL, FUTEX_BITSET_MATCH_ANY);
	printf("woken: futex\n");
	return NULL;
}

static void *sleep_timer(void *arg)
{
	struct itimerspec its = { .it_value = after(CLOCK_REALTIME,
						    SLEEP_SECONDS) };
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	uint64_t ticks;

	timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL);
	if (read(fd, &ticks, sizeof(ticks)) == sizeof(ticks))
		printf("woken: timerfd\n");
	return NULL;
}

static void *sleep_cancel(void *arg)
{
	struct itimerspec its = { .it_value = after(CLOCK_REALTIME, 3600) };
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	uint64_t ticks;

	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its,
			NULL);
	if (read(fd, &ticks, sizeof(ticks)) < 0 && errno == ECANCELED)
		printf("woken: canceled\n");
	return NULL;
}

static void start_sleepers(void)
{
	static void *(*const sleepers[])(void *) = {
		sleep_monotonic, sleep_real,   sleep_futex,
		sleep_timer,	 sleep_cancel,
	};
	pthread_t thread;

	for (size_t i = 0; i < sizeof(sleepers) / sizeof(sleepers[0]); i++)
		pthread_create(&thread, NULL, sleepers[i], NULL);
	usleep(1000);
	printf("sleepers: started\n");
}

int main(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(7) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 4))
		return 1;
	printf("restore: ready\n");
	while (read(0, &c, 1) == 1) {
		if (c == 'd')
			draw();
		else if (c == 't')
			tell_time();
		else if (c == 's')
			start_sleepers();
	}
	return 0;
}
