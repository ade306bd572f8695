/* SPDX-License-Identifier: MIT */
/*
 * Names of AF_UNIX sockets: paths, abstract names, autobind. Everything is
 * done below /tmp, which is there on both.
 */
#include "unix.h"

#include <stdlib.h>
#include <sys/stat.h>

#define DIR "/tmp/"
#define OFFSET offsetof(struct sockaddr_un, sun_path)

static char path[100], path2[100];

static int bind_path(int fd, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(addr.sun_path, name);
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr));
}

static int connect_path(int fd, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(addr.sun_path, name);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr));
}

static int fresh(int type)
{
	return socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
}

static void test_path(void)
{
	int l = fresh(SOCK_STREAM), c = fresh(SOCK_STREAM), l2, a;
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	struct stat st;

	umask(022);
	ok(!bind_path(l, path), "path: bind");
	ok(!stat(path, &st) && st.st_mode == (S_IFSOCK | 0755) && !st.st_size,
	   "path: stat: a socket, 0777 without the umask");
	ok(st.st_uid == getuid() && st.st_gid == getgid(),
	   "path: it is the user's");
	ok(!getsockname(l, (struct sockaddr *)&addr, &len) &&
		   len == OFFSET + strlen(path) + 1 &&
		   !strcmp(addr.sun_path, path),
	   "path: getsockname counts the NUL");
	ok(gives(open(path, O_RDWR), ENXIO), "path: open: ENXIO");
	ok(gives(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST),
	   "path: open(O_EXCL): EEXIST");
	ok(gives(connect_path(c, path), ECONNREFUSED),
	   "path: not listening: ECONNREFUSED");
	listen(l, 5);
	ok(!connect_path(c, path), "path: connect");
	len = sizeof(addr);
	ok(!getpeername(c, (struct sockaddr *)&addr, &len) &&
		   !strcmp(addr.sun_path, path),
	   "path: getpeername");
	a = accept(l, NULL, NULL);
	write(c, "hi", 2);
	ok(read(a, buf, 9) == 2, "path: data");
	l2 = fresh(SOCK_STREAM);
	ok(gives(bind_path(l2, path), EADDRINUSE), "path: taken: EADDRINUSE");
	ok(!unlink(path) && gives(stat(path, &st), ENOENT), "path: unlink");
	ok(gives(unlink(path), ENOENT), "path: unlink twice: ENOENT");
	close(c);
	c = fresh(SOCK_STREAM);
	ok(gives(connect_path(c, path), ENOENT), "path: then connect: ENOENT");
	ok(!bind_path(l2, path), "path: and the name is free");
	listen(l2, 5);
	ok(!connect_path(c, path), "path: connect to its new owner");
	ok(gives(accept(l, NULL, NULL), EAGAIN), "path: not to the old one");
	close(l);
	close(l2);
	close(a);
	close(c);
	c = fresh(SOCK_STREAM);
	ok(!stat(path, &st), "path: the node outlives its socket");
	ok(gives(connect_path(c, path), ECONNREFUSED),
	   "path: and refuses connections");
	ok(gives(bind_path(c, path), EADDRINUSE), "path: and is in the way");
	ok(!unlink(path), "path: until it is unlinked");
	close(c);
}

static void test_errors(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = fresh(SOCK_STREAM), d = fresh(SOCK_DGRAM);
	struct stat st;

	ok(gives(bind_path(fd, DIR "none/x"), ENOENT), "errors: ENOENT");
	ok(gives(bind_path(fd, DIR "none/"), ENOENT),
	   "errors: a slash: ENOENT");
	ok(gives(bind_path(fd, "/dev/null/x"), ENOTDIR), "errors: ENOTDIR");
	ok(gives(bind_path(fd, "/dev/null"), EADDRINUSE),
	   "errors: a file that is there: EADDRINUSE");
	ok(gives(bind_path(fd, "/tmp"), EADDRINUSE), "errors: a directory");
	ok(gives(bind_path(fd, "/tmp/.."), EADDRINUSE), "errors: dots");
	ok(gives(bind_path(fd, "/"), EADDRINUSE), "errors: the root");
	ok(gives(connect_path(fd, "/dev/null"), ECONNREFUSED),
	   "errors: connect to no socket: ECONNREFUSED");
	ok(gives(connect_path(fd, "/tmp"), ECONNREFUSED),
	   "errors: nor a directory");
	ok(!bind_path(d, path), "errors: a datagram socket");
	ok(gives(connect_path(fd, path), EPROTOTYPE),
	   "errors: of another type: EPROTOTYPE");
	ok(gives(bind_path(d, path), EADDRINUSE), "errors: bound again");
	ok(gives(bind_path(d, path2), EINVAL), "errors: elsewhere: EINVAL");
	ok(gives(stat(path2, &st), ENOENT), "errors: leaves no node");
	ok(gives(bind(fd, (struct sockaddr *)&addr, 1), EINVAL),
	   "errors: bind: a short address: EINVAL");
	ok(gives(bind(fd, (struct sockaddr *)&addr, sizeof(addr) + 1), EINVAL),
	   "errors: a long one: EINVAL");
	ok(gives(connect(fd, (struct sockaddr *)&addr, 2), EINVAL),
	   "errors: connect: no name: EINVAL");
	addr.sun_family = AF_INET;
	ok(gives(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), EINVAL),
	   "errors: bind: another family: EINVAL");
	ok(gives(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), EINVAL),
	   "errors: connect: too");
	ok(gives(rmdir(path), ENOTDIR), "errors: rmdir of a socket: ENOTDIR");
	ok(gives(unlink("/tmp"), EISDIR), "errors: unlink of a directory");
	ok(gives(unlink(DIR "none/x"), ENOENT), "errors: unlink: ENOENT");
	unlink(path);
	close(fd);
	close(d);
}

static void test_node(void)
{
	int d = fresh(SOCK_DGRAM), x = fresh(SOCK_DGRAM);
	struct stat st;
	int fd;

	umask(077);
	bind_path(d, path);
	umask(022);
	ok(!stat(path, &st) && (st.st_mode & 0777) == 0700, "node: the umask");
	ok(!chmod(path, 0666) && !stat(path, &st) &&
		   st.st_mode == (S_IFSOCK | 0666),
	   "node: chmod");
	ok(!access(path, R_OK | W_OK), "node: access");
	ok(gives(access(path, X_OK), EACCES), "node: access: EACCES");
	ok(!chown(path, -1, -1), "node: chown to nobody else");
	fd = open(path, O_PATH);
	ok(fd >= 0 && !fstat(fd, &st) && S_ISSOCK(st.st_mode),
	   "node: open(O_PATH)");
	unlink(path);
	ok(!fstat(fd, &st) && S_ISSOCK(st.st_mode),
	   "node: which keeps it, unlinked");
	close(fd);
	ok(!fstat(d, &st) && st.st_mode == (S_IFSOCK | 0777),
	   "node: fstat of the socket is another's");
	ok(!chdir("/tmp") && !bind_path(x, path + sizeof(DIR) - 1),
	   "node: a relative path");
	ok(!stat(path, &st), "node: from the working directory");
	ok(!connect_path(d, path) && write(d, "x", 1) == 1 &&
		   read(x, buf, 9) == 1,
	   "node: found by the absolute one");
	unlink(path);
	ok(write(d, "y", 1) == 1, "node: a connection does not need it");
	close(d);
	close(x);
}

static void test_length(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct {
		struct sockaddr_un un;
		char more[20];
	} out;
	int fd = fresh(SOCK_DGRAM);
	socklen_t len = sizeof(out);
	char full[sizeof(addr.sun_path) + 1];

	memset(addr.sun_path, 'a', sizeof(addr.sun_path));
	memcpy(addr.sun_path, path, strlen(path));
	memcpy(full, addr.sun_path, sizeof(addr.sun_path));
	full[sizeof(addr.sun_path)] = 0;
	ok(!bind(fd, (struct sockaddr *)&addr, sizeof(addr)),
	   "length: 108 bytes without a NUL");
	ok(!getsockname(fd, (struct sockaddr *)&out, &len) &&
		   len == sizeof(addr) + 1 &&
		   !strcmp((char *)&out + OFFSET, full),
	   "length: come back with one");
	ok(!unlink(full), "length: unlink");
	close(fd);
	fd = fresh(SOCK_DGRAM);
	strcpy(addr.sun_path, path);
	ok(!bind(fd, (struct sockaddr *)&addr, OFFSET + strlen(path)),
	   "length: the NUL need not be counted");
	len = 5;
	memset(&out, 'z', sizeof(out));
	ok(!getsockname(fd, (struct sockaddr *)&out, &len) &&
		   len == OFFSET + strlen(path) + 1 && ((char *)&out)[5] == 'z',
	   "length: getsockname is cut to the room");
	len = -1;
	ok(gives(getsockname(fd, (struct sockaddr *)&out, &len), EINVAL),
	   "length: a negative one: EINVAL");
	unlink(path);
	close(fd);
}

static void test_abstract(void)
{
	struct sockaddr_un addr, back;
	socklen_t len = abstract(&addr, "n"), back_len = sizeof(back);
	int a = bound(SOCK_STREAM, "n"), b = fresh(SOCK_STREAM);
	int d = bound(SOCK_DGRAM, "n");

	ok(a >= 0 && d >= 0, "abstract: each type has names of its own");
	ok(gives(bind(b, (struct sockaddr *)&addr, len), EADDRINUSE),
	   "abstract: taken: EADDRINUSE");
	ok(!bind(b, (struct sockaddr *)&addr, len + 1),
	   "abstract: with one NUL more it is another");
	ok(!getsockname(b, (struct sockaddr *)&back, &back_len) &&
		   back_len == len + 1 && !memcmp(&back, &addr, len + 1),
	   "abstract: getsockname");
	ok(gives(bind(a, (struct sockaddr *)&addr, len - 1), EINVAL),
	   "abstract: bound again: EINVAL");
	ok(!bind(a, (struct sockaddr *)&addr, OFFSET),
	   "abstract: autobind when bound does nothing");
	listen(b, 1);
	ok(gives(connected(SOCK_STREAM, "n"), ECONNREFUSED),
	   "abstract: the other listens");
	close(a);
	close(b);
	a = bound(SOCK_STREAM, "n");
	ok(a >= 0, "abstract: free when closed");
	close(a);
	close(d);
}

static bool is_digits(const char *p)
{
	for (int i = 0; i < 5; i++, p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
			return false;
	return true;
}

static void test_autobind(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX }, back, other;
	socklen_t len = sizeof(back), other_len = sizeof(other);
	int a = fresh(SOCK_DGRAM), b = fresh(SOCK_DGRAM);

	ok(!bind(a, (struct sockaddr *)&addr, OFFSET) &&
		   !getsockname(a, (struct sockaddr *)&back, &len) &&
		   len == OFFSET + 6 && !back.sun_path[0] &&
		   is_digits(back.sun_path + 1),
	   "autobind: a NUL and five digits");
	set_option(b, SO_PASSCRED, 1);
	ok(!connect(b, (struct sockaddr *)&back, len) &&
		   !getsockname(b, (struct sockaddr *)&other, &other_len) &&
		   other_len == OFFSET + 6,
	   "autobind: connect with SO_PASSCRED does it");
	ok(memcmp(&back, &other, len), "autobind: names differ");
	close(a);
	close(b);
	pair(SOCK_DGRAM);
	set_option(s[0], SO_PASSCRED, 1);
	write(s[0], "x", 1);
	len = sizeof(back);
	ok(recvfrom(s[1], buf, 9, 0, (struct sockaddr *)&back, &len) == 1 &&
		   len == OFFSET + 6,
	   "autobind: so does a datagram");
	unpair();
}

static void test_many(void)
{
	static int fd[300];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	bool good = true;

	for (int i = 0; i < 300; i++) {
		fd[i] = fresh(SOCK_DGRAM);
		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s-%d", path,
			 i);
		good &= !bind(fd[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	ok(good, "many: 300 names in one directory");
	for (int i = 0; i < 300; i += 2) {
		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s-%d", path,
			 i);
		good &= !unlink(addr.sun_path);
	}
	for (int i = 0; i < 300; i++) {
		int c = fresh(SOCK_DGRAM);

		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s-%d", path,
			 i);
		good &= !connect(c, (struct sockaddr *)&addr, sizeof(addr)) ==
			i % 2;
		close(c);
		unlink(addr.sun_path);
		close(fd[i]);
	}
	ok(good, "many: half of them unlinked");
}

int main(void)
{
	snprintf(path, sizeof(path), DIR "conform-%d", (int)getpid());
	snprintf(path2, sizeof(path2), DIR "conform2-%d", (int)getpid());
	test_path();
	test_errors();
	test_node();
	test_length();
	test_abstract();
	test_autobind();
	test_many();
	return done_testing();
}
