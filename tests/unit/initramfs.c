/* SPDX-License-Identifier: MIT */
/* unit: kernel/fs/initramfs.c kernel/fs/inode.c kernel/fs/namei.c */
/* unit: kernel/fs/modify.c kernel/fs/open.c kernel/fs/stat.c */
/* unit: kernel/fs/readdir.c kernel/fs/file.c kernel/fs/read_write.c */
/* unit: kernel/fs/iov_iter.c kernel/lib/rbtree.c */
/*
 * The root file system from archives that are sound and that are not: look-up
 * as path_resolution(7) has it, reading, listing.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/fs/initramfs.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/modify.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/open.h"
#include "kernel/fs/stat.h"
#include "kernel/printk.h"
#include "lib/fake_kernel.h"

static int nr_errors; /* lines logged */

void printk(enum log_level level, const char *fmt, ...)
{
	nr_errors += level == LOG_ERR;
}

void eventpoll_release(struct file *file)
{
}

long strncpy_from_user(char *to, const char *from, long n)
{
	return -EFAULT;
}

/* ---- An archive in the making -------------------------------------------- */

static char archive[64 * 1024];
static size_t archive_len;
static unsigned int next_ino;

static void pad4(void)
{
	while (archive_len % 4)
		archive[archive_len++] = '\0';
}

static void put_linked(const char *name, unsigned int mode, const char *data,
		       unsigned int ino, unsigned int nlink)
{
	size_t size = data ? strlen(data) : 0;

	archive_len += sprintf(archive + archive_len,
			       "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X"
			       "%08X%08X%08X",
			       ino, mode, 0, 0, nlink, 12345,
			       (unsigned int)size, 0, 0, 0, 0,
			       (unsigned int)strlen(name) + 1, 0);
	strcpy(archive + archive_len, name);
	archive_len += strlen(name) + 1;
	pad4();
	if (size)
		memcpy(archive + archive_len, data, size);
	archive_len += size;
	pad4();
}

static void put(const char *name, unsigned int mode, const char *data)
{
	put_linked(name, mode, data, ++next_ino, 1);
}

static void put_trailer(void)
{
	put("TRAILER!!!", 0, NULL);
}

static void build(void)
{
	archive_len = 0;
	put(".", S_IFDIR | 0755, NULL);
	put("bin", S_IFDIR | 0755, NULL);
	put("bin/echo", S_IFREG | 0755, "echo's bytes");
	put("init", S_IFLNK | 0777, "bin/echo");
	put("./etc", S_IFDIR | 0755, NULL);
	put("./etc/abs", S_IFLNK | 0777, "/etc/rel");
	put("/etc/rel", S_IFLNK | 0777, "../bin/./echo");
	put("etc/dir", S_IFLNK | 0777, "../bin");
	put("etc/loop", S_IFLNK | 0777, "loop");
	put("etc/dangling", S_IFLNK | 0777, "nowhere");
	put("no/parent/given", S_IFREG | 0644, "x");
	put("etc/empty", S_IFREG | 0644, NULL);
	put("dev/null", S_IFCHR | 0666, NULL);
	put_linked("hard1", S_IFREG | 0644, NULL, 777, 2);
	put_linked("hard2", S_IFREG | 0644, "linked", 777, 2);
	put_trailer();
}

/* ---- Look-up ------------------------------------------------------------- */

static int look(const char *path, unsigned int flags, struct inode **inode)
{
	return path_lookup(vfs_root(), path, flags, inode);
}

static int look_error(const char *path, unsigned int flags)
{
	struct inode *inode;
	int error = look(path, flags, &inode);

	if (!error)
		iput(inode);
	return error;
}

static const char *reached(const char *path)
{
	struct inode *inode;

	return look(path, LOOKUP_FOLLOW, &inode) ? NULL : inode_path(inode);
}

static void test_lookup(void)
{
	char name[NAME_MAX + 3];

	is_str(reached("/bin/echo"), "/bin/echo", "path: absolute");
	is_str(reached("bin//echo"), "/bin/echo", "path: double slash");
	is_str(reached("/../bin/../bin/./echo"), "/bin/echo", "path: dots");
	is_str(reached("/"), "/", "path: the root");
	is_str(reached("/bin/"), "/bin", "path: a directory with a slash");
	is_str(reached("/init"), "/bin/echo", "path: relative link");
	is_str(reached("/etc/abs"), "/bin/echo", "path: absolute link");
	is_str(reached("/etc/dir/echo"), "/bin/echo", "path: link on the way");
	is_str(reached("/etc/dir/../etc"), "/etc", "path: .. after a link");
	is_str(reached("/no/parent/given"), "/no/parent/given",
	       "path: directories that the archive leaves out are made");
	is(look_error("", LOOKUP_FOLLOW), -ENOENT, "path: empty");
	is(look_error("/bin/none", 0), -ENOENT, "path: missing");
	is(look_error("/none/echo", 0), -ENOENT, "path: missing directory");
	is(look_error("/bin/echo/x", 0), -ENOTDIR, "path: through a file");
	is(look_error("/bin/echo/", 0), -ENOTDIR, "path: a file with a slash");
	is(look_error("/etc/loop", LOOKUP_FOLLOW), -ELOOP, "path: circle");
	is(look_error("/etc/loop", 0), 0, "path: which itself can be named");
	is(look_error("/etc/dangling", LOOKUP_FOLLOW), -ENOENT,
	   "path: dangling link");
	memset(name, 'x', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	is(look_error(name, 0), -ENAMETOOLONG, "path: name too long");
	name[NAME_MAX] = '\0';
	is(look_error(name, 0), -ENOENT, "path: longest name");
	is(look_error("/bin/new", LOOKUP_CREATE), -EROFS, "path: new: EROFS");
	is(look_error("/none/new", LOOKUP_CREATE), -ENOENT,
	   "path: new in a missing directory: ENOENT");
	is(look_error("/bin/new", LOOKUP_PARENT), 0, "path: parent only");
	is(look_error("/bin/echo/new", LOOKUP_PARENT), -ENOTDIR,
	   "path: parent is a file");
	is(look_error("/dev/null", 0), -ENOENT,
	   "path: no devices from archives");
}

static void test_contents(void)
{
	const uint8_t *data;
	const char *resolved;
	size_t len;

	is(initramfs_lookup("/init", &data, &len, &resolved), 0,
	   "lookup: the application");
	ok(len == 12 && !memcmp(data, "echo's bytes", len),
	   "lookup: its contents, in place");
	ok((char *)data > archive && (char *)data < archive + archive_len,
	   "lookup: not copied");
	is_str(resolved, "/bin/echo", "lookup: its real name");
	is(initramfs_lookup("/bin", &data, &len, NULL), -EISDIR,
	   "lookup: a directory");
	is(initramfs_lookup("/x", &data, &len, NULL), -ENOENT,
	   "lookup: missing");
	is(initramfs_lookup("/etc/loop", &data, &len, NULL), -ELOOP,
	   "lookup: circle");
	is(initramfs_lookup("/hard1", &data, &len, NULL), 0,
	   "lookup: hard link");
	ok(len == 6 && !memcmp(data, "linked", 6),
	   "lookup: all its names have the contents");
}

/* ---- Open files ---------------------------------------------------------- */

static struct file *open_path(const char *path, uint32_t flags)
{
	return vfs_open(vfs_root(), path, flags);
}

static int open_error(const char *path, uint32_t flags)
{
	struct file *file = open_path(path, flags);

	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(file);
	return 0;
}

static void test_open(void)
{
	is(open_error("/bin/echo", O_RDONLY), 0, "open: read-only");
	is(open_error("/bin/echo", O_RDWR), -EROFS, "open: for writing");
	is(open_error("/bin/echo", O_TRUNC), -EROFS, "open: to truncate");
	is(open_error("/bin/echo", O_CREAT), 0,
	   "open: O_CREAT of what is there");
	is(open_error("/bin/echo", O_CREAT | O_EXCL), -EEXIST, "open: O_EXCL");
	is(open_error("/bin/n", O_CREAT | O_WRONLY), -EROFS,
	   "open: a new file");
	is(open_error("/n/n", O_CREAT | O_WRONLY), -ENOENT, "open: no parent");
	is(open_error("/bin", O_RDONLY), 0, "open: directory");
	is(open_error("/bin", O_WRONLY), -EISDIR, "open: directory to write");
	is(open_error("/bin/echo", O_DIRECTORY), -ENOTDIR, "open: O_DIRECTORY");
	is(open_error("/init", O_NOFOLLOW), -ELOOP, "open: O_NOFOLLOW");
	is(open_error("/init", O_NOFOLLOW | O_PATH), 0,
	   "open: O_PATH of a link");
	is(nr_files(), 0, "open: nothing stays open");
}

static void test_modify(void)
{
	struct inode *dir = vfs_root(), *file, *node;

	look("/bin/echo", 0, &file);
	node = inode_alloc("node", 4, S_IFSOCK | 0600);
	is(vfs_create(dir, "/bin/echo"), -EEXIST, "modify: what is there");
	is(vfs_create(dir, "/bin/new"), -EROFS, "modify: a new name");
	is(vfs_create(dir, "/none/new"), -ENOENT, "modify: no way there");
	is(vfs_rename(dir, dir), -EROFS, "modify: another name");
	is(inode_chmod(file, 0777), -EROFS, "modify: a file's mode");
	is(inode_truncate(file), -EROFS, "modify: a file's length");
	is(inode_truncate(dir), -EISDIR, "modify: a directory's");
	is(inode_chmod(node, 0123), 0, "modify: the mode of a socket's node");
	is(node->i_mode, S_IFSOCK | 0123, "modify: ... is stored");
	is(inode_truncate(node), -EINVAL, "modify: it has no length");
	iput(node);
	iput(file);
}

static ssize_t read_some(struct file *file, char *buf, size_t n)
{
	struct iovec iov = { buf, n };
	struct iov_iter i;

	iov_iter_init(&i, &iov, 1, n, true);
	return file_read_iter(file, &i, &file->f_pos);
}

static void test_read(void)
{
	struct file *file = open_path("/init", O_RDONLY);
	char buf[32] = "";

	is(read_some(file, buf, 6), 6, "read: six bytes");
	is(read_some(file, buf + 6, 20), 6, "read: the rest");
	is_str(buf, "echo's bytes", "read: they are right");
	is(read_some(file, buf, 20), 0, "read: the end");
	is(vfs_llseek(file, -5, SEEK_END), 7, "read: seek");
	is(read_some(file, buf, 20), 5, "read: from there");
	vfs_llseek(file, 100, SEEK_SET);
	is(read_some(file, buf, 20), 0, "read: beyond the end");
	vfs_llseek(file, 0, SEEK_SET);
	bad_from = buf + 4;
	is(read_some(file, buf, 20), 4, "read: up to the bad address");
	is(read_some(file, buf + 4, 20), -EFAULT, "read: then EFAULT");
	is(file->f_pos, 4, "read: which moves nothing");
	bad_from = NULL;
	fput(file);
	file = open_path("/bin", O_RDONLY);
	is(read_some(file, buf, 20), -EISDIR, "read: a directory");
	fput(file);
}

static void test_stat(void)
{
	struct file *a = open_path("/bin/echo", O_RDONLY);
	struct file *b = open_path("/etc", O_RDONLY);
	struct stat sa, sb;

	file_getattr(a, &sa);
	file_getattr(b, &sb);
	ok(sa.st_mode == (S_IFREG | 0755) && sa.st_size == 12 &&
		   sa.st_nlink == 1 && sa.st_mtime == 12345,
	   "stat: of a file");
	ok(sb.st_mode == (S_IFDIR | 0755) && sb.st_nlink == 2,
	   "stat: of a directory");
	ok(sa.st_ino != sb.st_ino && sa.st_ino, "stat: inodes differ");
	fput(a);
	fput(b);
}

static int list(struct file *dir, char *text, size_t room)
{
	char buf[512] __attribute__((aligned(8)));
	int n = dir->f_op->getdents(dir, buf, room);

	*text = '\0';
	for (int at = 0; at < n; at += *(uint16_t *)(buf + at + 16))
		sprintf(text + strlen(text), "%s ", buf + at + 19);
	return n;
}

static void test_readdir(void)
{
	struct file *dir = open_path("/etc", O_RDONLY);
	char text[256];

	list(dir, text, 512);
	is_str(text, ". .. abs dangling dir empty loop rel ",
	       "readdir: all names, in order");
	is(list(dir, text, 512), 0, "readdir: then the end");
	vfs_llseek(dir, 0, SEEK_SET);
	list(dir, text, 60);
	is_str(text, ". .. ", "readdir: what fits");
	list(dir, text, 24);
	is_str(text, "abs ", "readdir: goes on");
	is(list(dir, text, 20), -EINVAL, "readdir: no room for one");
	fput(dir);
}

/* ---- Damage -------------------------------------------------------------- */

static int init_cut(size_t len)
{
	void *copy = malloc(len ? len : 1); /* so that ASan sees overruns */
	int error;

	memcpy(copy, archive, len);
	error = initramfs_init(copy, len);
	free(copy);
	return error;
}

static void test_damage(void)
{
	static const char *bad_names[] = { "../up", "a/../b", "a//b", "a/./b",
					   "bin/echo/below" };
	size_t i, survived = 0, step;

	build();
	nr_errors = 0;
	for (i = 0; i < archive_len - 1; i++)
		if (!init_cut(i))
			survived++;
	/* The padding behind the trailer's name may be missing. */
	ok(survived <= 3, "damage: an archive that is cut off is refused");
	ok(nr_errors >= (int)(archive_len - 4), "damage: with one line each");

	for (i = 0; i < ARRAY_SIZE(bad_names); i++) {
		archive_len = 0;
		put(bad_names[i], S_IFREG | 0644, "x");
		put_trailer();
		is(init_cut(archive_len), -EINVAL, "damage: the name %s",
		   bad_names[i]);
	}
	archive_len = 0;
	put("link", S_IFLNK | 0777, "a/?/b");
	*(char *)memchr(archive, '?', archive_len) = '\0';
	put_trailer();
	is(init_cut(archive_len), -EINVAL, "damage: a link's target in parts");
	for (step = 0; step < 20000; step++) {
		build();
		for (i = random_below(4) + 1; i; i--)
			archive[random_below(archive_len)] = random_below(256);
		init_cut(archive_len);
	}
	ok(true, "damage: 20,000 archives with random bytes do no harm");
}

int main(void)
{
	random_seed();
	file_init();
	build();
	is(initramfs_init(archive, archive_len), 0, "init: a sound archive");
	is(nr_errors, 0, "init: no error line");
	test_lookup();
	test_contents();
	test_open();
	test_modify();
	test_read();
	test_stat();
	test_readdir();
	test_damage();
	return done_testing();
}
