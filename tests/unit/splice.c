/* SPDX-License-Identifier: MIT */
/* unit: kernel/pipe/pipe.c kernel/pipe/pipe_buf.c kernel/pipe/splice.c */
/* unit: kernel/pipe/splice_pipe.c kernel/pipe/sendfile.c */
/* unit: kernel/fs/file.c kernel/fs/read_write.c kernel/fs/iov_iter.c */
/* unit: kernel/task/wait.c */
/*
 * Pipes with memory in them that is not their own: each reference that was
 * taken is given back once, whatever fails and whoever comes between.
 */
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/pipe/pipe.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/sendfile.h"
#include "kernel/pipe/splice.h"
#include "kernel/task/signal.h"
#include "lib/fake_kernel.h"
#include "lib/fake_pages.h"

void eventpoll_release(struct file *file)
{
}

void iput(struct inode *inode)
{
}

void send_signal(struct thread *thread, int sig)
{
}

/* ---- A file that lends its memory, and one that takes what it can -------- */

#define LENT_MAX 3 /* references that a block can have */
#define BLOCK 1000

static char content[1 << 20];
static int lent; /* references outside */
static int block_refs[sizeof(content) / BLOCK];

static int *refs_of(const struct pipe_buffer *buf)
{
	return buf->owner;
}

static bool lent_get(struct pipe_buffer *buf)
{
	if (*refs_of(buf) == LENT_MAX)
		return false;
	++*refs_of(buf);
	lent++;
	return true;
}

static void lent_release(struct pipe_buffer *buf)
{
	if (!*refs_of(buf))
		bail_out("a reference is given back twice");
	--*refs_of(buf);
	lent--;
}

static const struct pipe_buf_ops lent_ops = { lent_get, lent_release };

static ssize_t lend(struct file *file, int64_t *pos, struct pipe *pipe,
		    size_t len, unsigned int flags)
{
	size_t done = 0;

	while (done < len && !pipe_is_full(pipe)) {
		size_t n = MIN(len - done, BLOCK - (size_t)*pos % BLOCK);
		struct pipe_buffer buf = { .ops = &lent_ops, .len = n };

		buf.data = content + *pos;
		buf.owner = &block_refs[*pos / BLOCK];
		if (!lent_get(&buf))
			break;
		pipe_add(pipe, &buf);
		*pos += n;
		done += n;
	}
	return done;
}

static ssize_t read_content(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	size_t n = copy_to_iter(content + *pos, to->count, to);

	*pos += n;
	return n;
}

static char taken[1 << 20];
static size_t nr_taken, take_most;
static int take_error;
static struct file *in, *out;

static ssize_t take_all(struct file *file, struct iov_iter *from, int64_t *pos)
{
	size_t n = MIN(from->count, take_most);

	if (meanwhile)
		schedule();
	if (!n)
		return take_error;
	nr_taken += copy_from_iter(taken + nr_taken, n, from);
	take_most -= n;
	return n;
}

static int64_t seek(struct file *file, int64_t offset, int whence)
{
	return 0;
}

static const struct file_operations lender_fops = {
	.splice_read = lend,
	.llseek = seek,
};

static const struct file_operations copied_fops = {
	.read_iter = read_content,
	.splice_read = copy_splice_read,
	.llseek = seek,
};

static const struct file_operations taker_fops = {
	.write_iter = take_all,
	.splice_write = iter_splice_write,
};

/* ---- The tests ----------------------------------------------------------- */

static struct file *a[2], *b[2];
static char bytes[1 << 18];

static void begin(const struct file_operations *fops)
{
	take_most = sizeof(taken);
	take_error = -EAGAIN;
	nr_taken = 0;
	in = file_alloc(fops, NULL, O_RDONLY);
	out = file_alloc(&taker_fops, NULL, O_WRONLY);
	if (!in || !out || pipe_create(O_NONBLOCK, a) ||
	    pipe_create(O_NONBLOCK, b))
		bail_out("no files");
	in->f_mode |= FMODE_PREAD;
}

static void end(const char *name)
{
	fput(in);
	fput(out);
	for (int i = 0; i < 2; i++) {
		fput(a[i]);
		fput(b[i]);
	}
	ok(!lent && !live_objects && !nr_files(),
	   "%s: everything is given back", name);
}

static ssize_t io(struct file *file, size_t n,
		  ssize_t (*rw)(struct file *, struct iov_iter *, int64_t *))
{
	struct iovec iov = { bytes, n };
	struct iov_iter i;

	iov_iter_init(&i, &iov, 1, n, true);
	return rw(file, &i, NULL);
}

static ssize_t splice(struct file *from, struct file *to, size_t n)
{
	return do_splice(from, NULL, to, NULL, n, 0);
}

static void test_lent(void)
{
	begin(&lender_fops);
	is(splice(in, a[1], 2500), 2500, "lent: three blocks");
	is(lent, 3, "lent: by reference");
	is(io(a[0], 1000, file_read_iter), 1000, "lent: one is read");
	is(lent, 2, "lent: and given back");
	is(do_tee(a[0], b[1], 9999, 0), 1500, "lent: tee takes references");
	is(lent, 4, "lent: as many more");
	is(io(b[1], 100, file_write_iter), 100, "lent: a write behind them");
	ok(content[2500] == (char)2500, "lent: writes nothing into them");
	is(splice(a[0], b[1], 700), 700, "lent: a part moves");
	is(lent, 5, "lent: with a reference of its own");
	is(splice(a[0], b[1], 9999), 800, "lent: the rest");
	is(lent, 5, "lent: with the one it has");
	is(splice(b[0], out, 9999), 3100, "lent: written to a file");
	is(lent, 0, "lent: then all are back");
	ok(!memcmp(taken, content + 1000, 1500) &&
		   !memcmp(taken + 1600, content + 1000, 1500),
	   "lent: the bytes are right");
	end("lent");
}

/* What cannot have more references is copied. */
static void test_references_run_out(void)
{
	begin(&lender_fops);
	splice(in, a[1], 500);
	for (int i = 0; i < 6; i++)
		is(do_tee(a[0], b[1], 500, 0), 500, "run out: tee %d", i + 1);
	is(lent, LENT_MAX, "run out: references");
	is(io(b[0], 9999, file_read_iter), 3000, "run out: and copies");
	ok(!memcmp(bytes + 2500, content, 500), "run out: of the same bytes");
	is(lent, 1, "run out: what was teed stays");
	end("run out");

	begin(&lender_fops);
	splice(in, a[1], 500);
	do_tee(a[0], b[1], 500, 0);
	do_tee(a[0], b[1], 500, 0);
	fail_at = 0;
	is(do_tee(a[0], b[1], 500, 0), -ENOMEM, "run out: no memory either");
	fail_at = 0;
	is(splice(a[0], b[1], 100), -ENOMEM, "run out: for a part neither");
	fail_at = -1;
	is(splice(a[0], b[1], 500), 500, "run out: a whole needs none");
	end("run out, no memory");
}

/* Every allocation in turn fails: less moves, and none is lost or doubled. */
static void test_failures(const struct file_operations *fops, const char *what)
{
	for (int n = 0;; n++) {
		int64_t pos = 0;
		size_t done = 0;
		ssize_t got;

		begin(fops);
		fail_at = n;
		while ((got = do_sendfile(in, &pos, out, 150000 - done)) > 0) {
			done += got;
			if (done == 150000)
				break;
		}
		if (got < 0 && got != -ENOMEM)
			bail_out("%s: error %zd", what, got);
		if (fail_at < 0) { /* it failed: the next try goes on */
			while (done < 150000 &&
			       (got = do_sendfile(in, &pos, out,
						  150000 - done)) > 0)
				done += got;
		}
		ok(done == 150000 && nr_taken == done && pos == (int64_t)done &&
			   !memcmp(taken, content, done),
		   "failures: %s, allocation %d", what, n);
		got = fail_at;
		fail_at = -1;
		end("failures");
		if (got >= 0)
			break;
	}
}

/* The output takes a part: the position is where the bytes stopped. */
static void test_partial(void)
{
	int64_t pos = 0;

	begin(&lender_fops);
	take_most = 12345;
	is(do_sendfile(in, &pos, out, 100000), 12345, "partial: what went");
	is(pos, 12345, "partial: the position");
	is(do_sendfile(in, &pos, out, 100000), -EAGAIN, "partial: then none");
	is(pos, 12345, "partial: which stays");
	take_most = sizeof(taken);
	is(do_sendfile(in, &pos, out, 50000), 50000, "partial: and on");
	ok(!memcmp(taken, content, 62345), "partial: every byte once");
	io(a[1], 100, file_write_iter);
	take_most = 30;
	is(splice(a[0], out, 100), 30, "partial: of a pipe");
	is(io(a[0], 999, file_read_iter), 70, "partial: the rest stays in it");
	end("partial");
}

/* ---- Others that come between -------------------------------------------- */

static ssize_t other_got;

static void other_reads(void)
{
	struct pipe *pipe = file_pipe(a[0]);

	self = &threads[1];
	ok(pipe->is_draining, "between: the bytes are being written");
	has_signal = true;
	other_got = io(a[0], 100, file_read_iter);
	has_signal = false;
}

static void other_writes(void)
{
	self = &threads[1];
	other_got = io(a[1], 100, file_write_iter);
}

static void other_sizes(void)
{
	self = &threads[1];
	other_got = pipe_set_size(a[0], 1 << 20);
}

static void between(void (*other)(void), ssize_t want, ssize_t left,
		    const char *name)
{
	begin(&lender_fops);
	splice(in, a[1], 3000);
	meanwhile = other;
	is(splice(a[0], out, 3000), 3000, "between: all is written");
	is(other_got, want, "between: %s", name);
	is(io(a[0], 9999, file_read_iter), left, "between: what is left");
	ok(nr_taken == 3000 && !memcmp(taken, content, 3000),
	   "between: the right bytes");
	end(name);
}

int main(void)
{
	file_init();
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = i;
	test_lent();
	test_references_run_out();
	test_failures(&lender_fops, "lent");
	test_failures(&copied_fops, "copied");
	test_partial();
	between(other_reads, -ERESTARTSYS, -EAGAIN, "a reader waits");
	between(other_writes, 100, 100, "a writer need not");
	between(other_sizes, 1 << 20, -EAGAIN, "nor a change of size");
	return done_testing();
}
