/* SPDX-License-Identifier: MIT */
/* unit: kernel/cmdline.c */
/* The kernel command line: words, quotes, limits. */
#include "kernel/cmdline.h"

#include <stdio.h>
#include <string.h>

#include "kernel/printk.h"
#include "lib/tap.h"

static char text[4096];
static unsigned int warnings;

void printk(enum log_level level, const char *fmt, ...)
{
	if (level <= LOG_WARN)
		warnings++;
}

static void parse(const char *line)
{
	snprintf(text, sizeof(text), "%s", line);
	warnings = 0;
	cmdline_init(text);
}

static void test_keys(void)
{
	parse("ip=10.0.0.1/24 quiet  gw=a\tgw=b empty= ipv=6");
	is_str(cmdline_get("ip"), "10.0.0.1/24", "cmdline: a value");
	is_str(cmdline_get("quiet"), "", "cmdline: a bare key is empty");
	is_str(cmdline_get("empty"), "", "cmdline: an empty value");
	is_str(cmdline_get("gw"), "b", "cmdline: the last of two wins");
	is_ptr(cmdline_get("none"), NULL, "cmdline: an absent key");
	is_ptr(cmdline_get("qui"), NULL, "cmdline: a prefix is no match");
	is_ptr(cmdline_get("quiets"), NULL, "cmdline: a longer key is none");
}

static void test_many(void)
{
	unsigned int pos = 0;

	parse("dev=1 x dev device=2 dev=\"3 4\" -- dev=5");
	is_str(cmdline_next("dev", &pos), "1", "cmdline: the first of several");
	is_str(cmdline_next("dev", &pos), "", "cmdline: the bare one");
	is_str(cmdline_next("dev", &pos), "3 4", "cmdline: the quoted one");
	is_ptr(cmdline_next("dev", &pos), NULL, "cmdline: the end");
	is_ptr(cmdline_next("dev", &pos), NULL, "cmdline: stays the end");
	parse("virtio-mmio.device=a virtio_mmio.device=b");
	is_str(cmdline_get("virtio_mmio-device"), NULL,
	       "cmdline: a dot is no dash");
	pos = 0;
	is_str(cmdline_next(CMDLINE_DEVICE, &pos), "a",
	       "cmdline: a dash is an underscore");
	is_str(cmdline_next(CMDLINE_DEVICE, &pos), "b",
	       "cmdline: an underscore is one");
	ok(cmdline_is("virtio_mmio.device", "b") && !cmdline_is("x", "b"),
	   "cmdline: the last one counts");
}

/* As QEMU's microvm adds them. */
static void test_devices(void)
{
	const char *line = "ip=dhcp -- a " CMDLINE_DEVICE "=0 b " CMDLINE_DEVICE
			   "=1 " CMDLINE_DEVICE "=2";
	unsigned int pos = 0;
	char **args;
	int argc;

	parse(line);
	args = cmdline_app_args(&argc);
	is(argc, 3, "cmdline: devices at the end are no arguments");
	is_str(args[1], CMDLINE_DEVICE "=0",
	       "cmdline: one amidst the arguments is");
	is_str(args[2], "b", "cmdline: the last argument before them");
	is_ptr(args[3], NULL, "cmdline: and nothing behind");
	is_str(cmdline_next(CMDLINE_DEVICE, &pos), "1",
	       "cmdline: the devices are the kernel's");
	is_str(cmdline_next(CMDLINE_DEVICE, &pos), "2",
	       "cmdline: in their order");
	is_ptr(cmdline_next(CMDLINE_DEVICE, &pos), NULL,
	       "cmdline: all of them");
}

static void test_environment(void)
{
	char *env[6] = { "PATH=/bin", "HOME=/", "TERM=linux" };
	unsigned int nr;

	parse("ip=dhcp A=1 quiet i8042.noaux=1 B=\"x y\" console=ttyS0 A=2 =3 "
	      "HOME=/root ip=off -- C=4");
	cmdline_get("ip");
	nr = cmdline_environment(env, 3, 6);
	is(nr, 5, "environment: what nobody asked for");
	is_str(env[1], "HOME=/root", "environment: a new value");
	is_str(env[2], "TERM=linux", "environment: an old one");
	is_str(env[3], "A=2", "environment: the last of two");
	is_str(env[4], "B=x y", "environment: a quoted value");
	is(warnings, 0, "environment: no warning");
	parse("A=1 B=2 C=3 D=4 E=5");
	is(cmdline_environment(env, 3, 6), 6, "environment: as many as fit");
	is(warnings, 2, "environment: the others are named");
}

static void test_args(void)
{
	char **args;
	int argc;

	parse("a=1 -- -p 7 a=2 -- last");
	args = cmdline_app_args(&argc);
	is(argc, 5, "cmdline: arguments are counted");
	is_str(args[0], "-p", "cmdline: the first argument");
	is_str(args[3], "--", "cmdline: a second -- is an argument");
	is_str(args[4], "last", "cmdline: the last argument");
	is_ptr(args[5], NULL, "cmdline: NULL ends them");
	is_str(cmdline_get("a"), "1", "cmdline: arguments are not keys");

	parse("a=1");
	args = cmdline_app_args(&argc);
	ok(!argc && !args[0], "cmdline: no -- is no arguments");
	parse("");
	args = cmdline_app_args(&argc);
	ok(!argc && !args[0] && !cmdline_get("a"), "cmdline: empty");
	parse("-- ");
	args = cmdline_app_args(&argc);
	ok(!argc && !args[0], "cmdline: -- with nothing behind");
}

static void test_quotes(void)
{
	char **args;
	int argc;

	parse("name=\"two words\" \"whole=quoted word\" e=\"\" -- \"a  b\" "
	      "x=\"c d\" \"\" it\"s odd\" \"open end");
	is_str(cmdline_get("name"), "two words", "cmdline: a quoted value");
	is_str(cmdline_get("whole"), "quoted word", "cmdline: a quoted word");
	is_str(cmdline_get("e"), "", "cmdline: a quoted empty value");
	args = cmdline_app_args(&argc);
	is(argc, 5, "cmdline: quoted arguments are counted");
	is_str(args[0], "a  b", "cmdline: a quoted argument");
	is_str(args[1], "x=c d", "cmdline: a quoted value in an argument");
	is_str(args[2], "", "cmdline: an empty argument");
	is_str(args[3], "it\"s odd\"", "cmdline: quotes inside a word stay");
	is_str(args[4], "open end", "cmdline: a missing last quote");
	parse("-- \"");
	args = cmdline_app_args(&argc);
	ok(argc == 1 && !args[0][0], "cmdline: a lone quote");
}

static void test_limits(void)
{
	char line[2048] = "--";
	char **args;
	int argc;

	for (int i = 0; i < CMDLINE_ARGS_MAX; i++)
		snprintf(line + strlen(line), 16, " %d", i);
	parse(line);
	args = cmdline_app_args(&argc);
	ok(argc == CMDLINE_ARGS_MAX && !warnings, "cmdline: as many arguments "
						  "as allowed");
	strcat(line, " more");
	parse(line);
	args = cmdline_app_args(&argc);
	ok(argc == CMDLINE_ARGS_MAX && !args[argc] && warnings == 1,
	   "cmdline: one argument too many is named and ignored");
}

int main(void)
{
	test_keys();
	test_many();
	test_devices();
	test_environment();
	test_args();
	test_quotes();
	test_limits();
	return done_testing();
}
