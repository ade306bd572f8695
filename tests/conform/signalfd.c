/* SPDX-License-Identifier: MIT */
/*
 * signalfd(2): signals as something to read and to wait for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "tap.h"

static struct signalfd_siginfo info[8];
static volatile int nr_handled;
static void *volatile bad = (void *)8;

static bool gives(long ret, int err)
{
	return ret == -1 && errno == err;
}

static void on_signal(int sig)
{
	(void)sig;
	nr_handled++;
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	if (a)
		sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static int mask(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDNORM | POLLPRI, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

static long take(int fd, int n)
{
	memset(info, 0xee, sizeof(info));
	return read(fd, info, n * sizeof(info[0]));
}

static void test_errors(void)
{
	sigset_t usr = set_of(SIGUSR1, 0);
	int fd, other = dup(0);

	ok(gives(signalfd(-1, &usr, 4), EINVAL), "errors: flags: EINVAL");
	ok(gives(syscall(SYS_signalfd4, -1, &usr, 4, 0), EINVAL),
	   "errors: size of the mask: EINVAL");
	ok(gives(syscall(SYS_signalfd4, -1, NULL, 8, 0), EFAULT),
	   "errors: EFAULT");
	ok(gives(signalfd(999, &usr, 0), EBADF), "errors: EBADF");
	ok(gives(signalfd(other, &usr, 0), EINVAL),
	   "errors: another file: EINVAL");
	close(other);
	fd = signalfd(-1, &usr, SFD_NONBLOCK | SFD_CLOEXEC);
	ok(fd == other, "errors: the lowest number");
	ok(fcntl(fd, F_GETFD) == FD_CLOEXEC, "errors: SFD_CLOEXEC");
	ok(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK), "errors: SFD_NONBLOCK");
	ok(gives(read(fd, info, 127), EINVAL), "errors: a short read: EINVAL");
	ok(gives(read(fd, info, 0), EINVAL), "errors: of nothing too");
	ok(gives(read(fd, info, 128), EAGAIN), "errors: no signal: EAGAIN");
	ok(gives(write(fd, info, 128), EINVAL), "errors: write: EINVAL");
	ok(gives(pread(fd, info, 128, 0), ESPIPE) || errno == EAGAIN,
	   "errors: pread");
	ok(mask(fd) == 0, "errors: nothing to poll");
	close(fd);
}

static void test_read(void)
{
	sigset_t both = set_of(SIGUSR1, SIGUSR2);
	union sigval value = { .sival_ptr = (void *)0x123456789abc };
	int fd = signalfd(-1, &both, SFD_NONBLOCK);

	raise(SIGUSR2);
	ok(mask(fd) == POLLIN, "read: a pending signal is IN");
	ok(take(fd, 1) == 128, "read: 128 bytes");
	ok(info[0].ssi_signo == SIGUSR2 && info[0].ssi_code == SI_TKILL &&
		   info[0].ssi_pid == (uint32_t)getpid() &&
		   info[0].ssi_uid == getuid(),
	   "read: who sent it");
	ok(!info[0].ssi_errno && !info[0].ssi_fd && !info[0].ssi_addr &&
		   !info[0].ssi_status && !info[0].ssi_ptr,
	   "read: the rest is 0");
	ok(mask(fd) == 0 && gives(take(fd, 1), EAGAIN), "read: taken");
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	ok(take(fd, 8) == 128 && info[0].ssi_code == SI_USER,
	   "read: two of a kind are one");
	raise(SIGUSR2);
	raise(SIGUSR1);
	ok(take(fd, 8) == 256 && info[0].ssi_signo == SIGUSR1 &&
		   info[1].ssi_signo == SIGUSR2,
	   "read: several, the lowest first");
	raise(SIGUSR2);
	raise(SIGUSR1);
	ok(read(fd, info, 255) == 128, "read: whole ones only");
	ok(take(fd, 8) == 128, "read: the other");
	sigqueue(getpid(), SIGUSR1, value);
	ok(take(fd, 1) == 128 && info[0].ssi_code == SI_QUEUE &&
		   info[0].ssi_ptr == 0x123456789abc &&
		   info[0].ssi_int == 0x56789abc,
	   "read: the value of sigqueue()");
	raise(SIGUSR1);
	ok(gives(read(fd, bad, 128), EFAULT), "read: EFAULT");
	ok(gives(take(fd, 1), EAGAIN), "read: and the signal is gone");
	close(fd);
}

static void test_realtime(void)
{
	sigset_t rt = set_of(SIGRTMIN, SIGRTMIN + 1);
	int fd = signalfd(-1, &rt, SFD_NONBLOCK);
	union sigval value;

	sigprocmask(SIG_BLOCK, &rt, NULL);
	for (int i = 0; i < 5; i++) {
		value.sival_int = i;
		sigqueue(getpid(), SIGRTMIN + (i == 0), value);
	}
	ok(take(fd, 8) == 5 * 128, "realtime: each is kept");
	ok(info[0].ssi_int == 1 && info[3].ssi_int == 4 && info[4].ssi_int == 0,
	   "realtime: in order, the lowest number first");
	close(fd);
}

static void test_masks(void)
{
	sigset_t usr1 = set_of(SIGUSR1, 0), usr2 = set_of(SIGUSR2, 0);
	sigset_t kill_set = set_of(SIGKILL, SIGSTOP), pending;
	int fd = signalfd(-1, &usr1, SFD_NONBLOCK);

	raise(SIGUSR2);
	ok(mask(fd) == 0 && gives(take(fd, 1), EAGAIN),
	   "masks: another signal is not there");
	ok(signalfd(fd, &usr2, 0) == fd, "masks: a new mask");
	ok(mask(fd) == POLLIN, "masks: shows it");
	ok(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK),
	   "masks: flags stay as they were");
	ok(take(fd, 1) == 128, "masks: and reads it");
	ok(signalfd(fd, &kill_set, 0) == fd && mask(fd) == 0,
	   "masks: SIGKILL and SIGSTOP are passed over");
	signalfd(fd, &usr1, 0);
	raise(SIGUSR1);
	sigpending(&pending);
	ok(sigismember(&pending, SIGUSR1), "masks: pending until read");
	take(fd, 1);
	sigpending(&pending);
	ok(!sigismember(&pending, SIGUSR1), "masks: no longer");
	raise(SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	ok(nr_handled == 1 && gives(take(fd, 1), EAGAIN),
	   "masks: an unblocked one goes to its handler");
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	close(fd);
}

static void alarm_in(int ms)
{
	struct itimerval it = { .it_value.tv_usec = ms * 1000 };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void test_waiting(void)
{
	sigset_t alrm = set_of(SIGALRM, 0), usr1 = set_of(SIGUSR1, 0);
	int fd = signalfd(-1, &alrm, 0), ep = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct pollfd p = { fd, POLLIN, 0 };

	alarm_in(20);
	ok(take(fd, 8) == 128 && info[0].ssi_signo == SIGALRM &&
		   info[0].ssi_code == SI_KERNEL && !info[0].ssi_pid,
	   "waiting: a read sleeps until the timer's signal");
	alarm_in(20);
	ok(poll(&p, 1, PATIENCE) == 1 && p.revents == POLLIN, "waiting: poll");
	ok(take(fd, 1) == 128, "waiting: and read");
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	ok(epoll_wait(ep, &ev, 1, 0) == 0, "waiting: epoll: nothing");
	alarm_in(20);
	ok(epoll_wait(ep, &ev, 1, PATIENCE) == 1 && ev.events == EPOLLIN,
	   "waiting: epoll wakes");
	ok(epoll_wait(ep, &ev, 1, 0) == 0, "waiting: once when edge-triggered");
	take(fd, 1);
	raise(SIGUSR1);
	ok(epoll_wait(ep, &ev, 1, 0) == 0, "waiting: another signal is none");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ok(gives(take(fd, 1), EAGAIN), "waiting: O_NONBLOCK set later");
	alarm_in(20);
	ok(epoll_wait(ep, &ev, 1, PATIENCE) == 1, "waiting: still comes");
	take(fd, 1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	close(fd);
	close(ep);
}

static volatile long thread_took;
static int the_fd;

static void *reader(void *arg)
{
	struct signalfd_siginfo mine;

	(void)arg;
	thread_took = read(the_fd, &mine, sizeof(mine));
	return NULL;
}

static void *looker(void *arg)
{
	(void)arg;
	thread_took = mask(the_fd);
	return NULL;
}

static void test_threads(void)
{
	sigset_t usr1 = set_of(SIGUSR1, 0);
	pthread_t t;

	the_fd = signalfd(-1, &usr1, 0);
	pthread_create(&t, NULL, reader, NULL);
	usleep(20000);
	kill(getpid(), SIGUSR1);
	pthread_join(t, NULL);
	ok(thread_took == 128, "threads: a thread reads a process's signal");
	pthread_create(&t, NULL, reader, NULL);
	usleep(20000);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, NULL);
	ok(thread_took == 128, "threads: and its own");
	raise(SIGUSR1);
	pthread_create(&t, NULL, looker, NULL);
	pthread_join(t, NULL);
	ok(thread_took == 0 && mask(the_fd) == POLLIN,
	   "threads: a thread's signal is there for that thread only");
	take(the_fd, 1);
	close(the_fd);
}

int main(void)
{
	sigset_t both = set_of(SIGUSR1, SIGUSR2), alrm = set_of(SIGALRM, 0);

	signal(SIGUSR1, on_signal);
	sigprocmask(SIG_BLOCK, &both, NULL);
	sigprocmask(SIG_BLOCK, &alrm, NULL);
	test_errors();
	test_read();
	test_realtime();
	test_masks();
	test_waiting();
	test_threads();
	return done_testing();
}
