# SPDX-License-Identifier: MIT
#
# make check, and the tests: unit tests run the kernel's own sources on this
# machine under sanitizers, system tests boot images in QEMU. All print TAP.
# make bench measures and judges nothing.

# A unit test names the kernel sources it is linked with in a comment:
#   /* unit: kernel/mm/slab.c kernel/mm/page.c */
# @net stands for the network stack on a bed: all of net/ but AF_UNIX, and lwIP;
# @lwip for lwIP alone on the same bed.
UNIT := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*.c))
UNIT_LIB := $(patsubst %.c,$(O)/host/%.o,$(wildcard tests/unit/lib/*.c) \
	kernel/check.c)
SYSTEM := $(wildcard tests/system/*.t)
HOST_CFLAGS = $(HOST_FIRST) -std=gnu11 -O1 -g -I. -Itests/unit -Itests
SANITIZE = $(WARNINGS) -fsanitize=address,undefined -fno-sanitize-recover=all
NET_BED := $(filter-out net/unix/% net/socket/scm.c net/socket/sockbuf.c \
	net/socket/sock_signal.c, $(wildcard net/*.c net/*/*.c)) $(LWIP_SRC) \
	kernel/lib/siphash.c kernel/lib/seq_buf.c kernel/lib/rbtree.c kernel/task/wait.c \
	kernel/fs/iov_iter.c \
	kernel/pipe/pipe.c kernel/pipe/pipe_buf.c kernel/pipe/splice.c \
	kernel/pipe/splice_pipe.c \
	tests/unit/bed/net.c tests/unit/bed/net_wire.c tests/unit/bed/net_sys.c \
	tests/unit/bed/net_pages.c tests/unit/bed/net_proc.c \
	tests/unit/bed/user_memory.c
LWIP_BED := $(filter-out net/lwip/timers.c net/lwip/lwip_stats.c, \
	$(wildcard net/lwip/*.c)) $(LWIP_SRC) net/base/inet_hash.c \
	kernel/lib/siphash.c tests/unit/bed/net.c tests/unit/bed/net_wire.c \
	tests/unit/bed/lwip.c tests/unit/bed/user_memory.c
# A program's own file, and those that its comments of this kind name.
sources_of = $(2) $(patsubst @net,$(NET_BED),$(patsubst @lwip,$(LWIP_BED),\
	$(if $(wildcard $(2)),$(shell sed -n \
	's,^[/ ]\* $(1): \([^*]*\).*,\1,p' $(2)))))
host_objects = $(patsubst %.c,$(O)/host/%.o,$(1))
unit_objects = $(call host_objects,$(call sources_of,unit,tests/unit/$(1).c))
chosen = $(if $(TESTS),$(filter $(TESTS) $(foreach t,$(TESTS),%/$(t) \
	%/$(t).t),$(1)),$(1))

# tools/run-test shows why a test failed. The tests call make too: not as a part
# of this one.
prove = $(Q)$(if $(call chosen,$(1)),env -u MAKEFLAGS -u MAKELEVEL prove -j2 \
	--timer --exec tools/run-test $(call chosen,$(1)), \
	echo 'no test is named $(TESTS)' >&2; exit 1)

# Where the same sources are compiled for this machine: by gcc, by clang for
# libFuzzer, and by clang to tell what was reached (tools/fuzz.mk).
HOST_BUILDS := $(O)/host $(O)/clang $(O)/cover
# lwIP's headers for net/ and for lwIP's own tests, as in the kernel; packed structs are unaligned.
on_host = $(foreach built,$(HOST_BUILDS),$(patsubst %.c,$(built)/%.o,$(1)))
$(call on_host,net/%.c $(O)/lwip/%.c tests/unit/lwip_%.c \
	tests/unit/bed/lwip.c): HOST_CFLAGS += -Inet/lwip \
	-isystem $(O)/lwip/src/include -fno-sanitize=alignment
$(O)/host/$(O)/lwip/%.o: WARNINGS = -Wall
$(call on_host,boot/efi/%.c tests/unit/efi_%.c tests/fuzz/efi.c): \
	HOST_CFLAGS += $(GNU_EFI_INCLUDE)

$(call on_host,$(NET_BED) $(LWIP_BED)): $(LWIP)

$(O)/host/%.o: %.c tools/tests.mk Makefile | $(SETUP) $(LWIP)
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $(HOST_CFLAGS) -MD -MP -c -o $@ $<

$(O)/unit/%: $$(call unit_objects,$$*) $(UNIT_LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(SANITIZE) -o $@ $^

include tools/fuzz.mk tests/sim/sim.mk

# What the system tests boot is built before them: they run side by side.
images: $(O)/liar $(O)/hostclock.so | $(SETUP)
	@for app in $(wildcard apps/* tests/system/apps/*.c) \
			$(addprefix tests/system/apps/,fuzz latency soak); do \
		$(MAKE) --no-print-directory image APP=$$app || exit; done
	@[ ! -f $(GNU_EFI_CRT) ] || for app in apps/echo apps/hello; do \
		$(MAKE) --no-print-directory efi APP=$$app || exit; done

test: $(if $(call chosen,$(SIM_TEST)),$(SIM)/fast/sim)
test: check images $(call chosen,$(UNIT)) ## check, then all tests, or those that TESTS names
	$(call prove,$(UNIT) $(SIM_TEST) $(SYSTEM))

unit: $(call chosen,$(UNIT)) ## the tests that run on this machine
	$(call prove,$(UNIT))

system: images ## the tests that boot QEMU
	$(call prove,$(SYSTEM))

hostile: $(SETUP) ## every attack of tests/system/hostile.t on each style and size of server
	$(Q)env -u MAKEFLAGS -u MAKELEVEL HOSTILE=all tests/system/hostile.t

soak: $(SETUP) ## servers under load for SECONDS, and whether memory stays what it was
	$(Q)env -u MAKEFLAGS -u MAKELEVEL SOAK=$(SECONDS) tests/system/soak.t

# The network device of tests/system/lies.t: it runs beside QEMU.
lies: $(O)/liar ## a device that tells a million lies, or LIES
	$(Q)env -u MAKEFLAGS -u MAKELEVEL LIES=$(or $(LIES),1000000) \
		tests/system/lies.t

LIAR := $(wildcard tests/system/liar/*.c)
$(O)/liar: $(LIAR) $(wildcard tests/system/liar/*.h) | $(SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -fsanitize=address,undefined \
		-fno-sanitize-recover=all $(WARNINGS) -o $@ $(LIAR)

# Sets the clock of the host, as the QEMU of tests/system/wall.t sees it.
$(O)/hostclock.so: tests/system/hostclock/hostclock.c | $(SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -shared -fPIC $(WARNINGS) -o $@ $<

# Figures, and their ratio to a Linux guest's: nothing here can fail for being
# slow. BENCH are options of tests/bench/compare, which needs root.
bench: $(O)/bench/load ## what the boot, calls and packets cost, beside other guests
	$(Q)env -u MAKEFLAGS -u MAKELEVEL tests/bench/boot
	$(Q)env -u MAKEFLAGS -u MAKELEVEL tests/bench/events
	$(Q)env -u MAKEFLAGS -u MAKELEVEL tests/bench/loopback
	$(Q)$(MAKE) --no-print-directory -s image APP=apps/echo
	$(Q)tests/bench/linux-guest $(O)
	$(Q)tests/bench/compare $(O)/bench/load $(O)/echo/pollux.elf \
		$(O)/bench/linux/vmlinuz $(O)/bench/linux/initrd $(BENCH)

$(O)/bench/load: tests/bench/load.c | $(SETUP)
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -Wno-unused-parameter -o $@ $<

check: $(LWIP) $(HEADERS) $$(OBJECTS) ## style, who includes and calls whom, sizes, cppcheck
	$(Q)tools/check $(O)
