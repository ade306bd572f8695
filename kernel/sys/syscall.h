/* SPDX-License-Identifier: MIT */
/*
 * The system call table's functions: they decode arguments, call the part that
 * does the work and return its result or -errno. They contain no logic. Names,
 * arguments and errors are those of section 2 of the man pages; the numbers
 * come from <asm/unistd_64.h>.
 */
#ifndef KERNEL_SYS_SYSCALL_H
#define KERNEL_SYS_SYSCALL_H

#include <stdint.h>

typedef long (*syscall_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
			   uint64_t);

/* Called by entry.S; no entry is NULL after syscall_init(). */
extern syscall_fn syscall_table[];

/*
 * Each family's file has its part of the table in an array of these;
 * kernel/sys/syscall.c joins them at start.
 */
struct syscall_entry {
	unsigned int nr;
	syscall_fn fn;
};

/* A call has as many arguments as it needs; the ABI passes six. */
#define SYSCALL_FN(fn) ((syscall_fn)(void (*)(void))(fn))

#define SYSCALL(name)                               \
	{                                           \
		__NR_##name, SYSCALL_FN(sys_##name) \
	}

extern const struct syscall_entry syscalls_file[]; /* sys_file.c */
extern const struct syscall_entry syscalls_path[]; /* sys_path.c */
extern const struct syscall_entry syscalls_modify[]; /* sys_modify.c */
extern const struct syscall_entry syscalls_splice[]; /* sys_splice.c */
extern const struct syscall_entry syscalls_poll[]; /* sys_poll.c: epoll, poll */
extern const struct syscall_entry syscalls_event[]; /* sys_event.c */
extern const struct syscall_entry syscalls_mm[]; /* sys_mm.c */
extern const struct syscall_entry syscalls_task[]; /* sys_task.c */
extern const struct syscall_entry syscalls_thread[]; /* sys_thread.c */
extern const struct syscall_entry syscalls_signal[]; /* sys_signal.c */
extern const struct syscall_entry syscalls_time[]; /* sys_time.c */
extern const struct syscall_entry syscalls_timex[]; /* sys_timex.c */
extern const struct syscall_entry syscalls_socket[]; /* sys_socket.c */
extern const struct syscall_entry syscalls_message[]; /* sys_message.c */
/* Each ends with a NULL fn. */

void syscall_init(void); /* joins the tables */

#endif
