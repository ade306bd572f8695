# SPDX-License-Identifier: MIT
#
# Fuzzing. A target is a program of tests/fuzz, which names the kernel's sources
# as a unit test does:
#   /* fuzz: kernel/x86/aml.c */
# It is built twice: by clang with libFuzzer, which thinks of inputs (make fuzz),
# and like a unit test, which takes those of tests/fuzz/corpus (make test).

TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_LIB := tests/fuzz/lib/input.c
FUZZ_TARGETS := $(or $(TARGET),$(TARGETS))
FUZZERS := $(addprefix $(O)/fuzz/,$(filter-out syscalls,$(FUZZ_TARGETS)))
fuzz_sources = $(call sources_of,fuzz,tests/fuzz/$(1).c) $(FUZZ_LIB)
clang_objects = $(patsubst %.c,$(O)/clang/%.o,$(1))

UNIT += $(TARGETS:%=$(O)/unit/fuzz_%)

$(O)/unit/fuzz_%: $$(call host_objects,$$(call fuzz_sources,$$*) \
		tests/fuzz/lib/replay.c) $(UNIT_LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(SANITIZE) -o $@ $^

# Their ports are the target's: its kernel/x86/cpu.h comes first.
$(call on_host,drivers/pci.c drivers/virtio/virtio_pci%.c \
	tests/fuzz/lib/virtio_regs.c): HOST_FIRST := -Itests/fuzz/ports

# gcc has judged the sources already.
CLANG := clang
CLANG_SANITIZE := -w -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all

# An input ends with minutes in which these turn for nothing: what they compare
# teaches libFuzzer nothing, and costs half of the time.
$(call clang_objects,$(O)/lwip/src/core/timeouts.c net/softirq.c \
	$(O)/lwip/src/core/ipv4/etharp.c tests/unit/bed/net.c): \
	HOST_CFLAGS += -fno-sanitize-coverage=trace-cmp

$(O)/clang/%.o: %.c tools/fuzz.mk Makefile | $(SETUP) $(LWIP)
	$(call say,CLANG,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CLANG_SANITIZE) $(HOST_CFLAGS) -MD -MP -c -o $@ $<

$(O)/fuzz/%: $$(call clang_objects,$$(call fuzz_sources,$$*) \
		tests/fuzz/lib/fuzzer.c tests/unit/lib/kernel.c kernel/check.c)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^

fuzz: $(FUZZERS) ## looks for inputs that break TARGET, for SECONDS in all
	$(Q)env -u MAKEFLAGS -u MAKELEVEL tests/fuzz/run $(FUZZ_OPTIONS) $(O) \
		$(SECONDS) $(FUZZ_TARGETS)

# --- What was reached -------------------------------------------------------

# Without libFuzzer: each target takes its corpus, and what was found besides.
# What no target is linked with is compiled as the kernel is: its lines count.
ROOMS := net drivers kernel/fs
COVER := -w -fprofile-instr-generate -fcoverage-mapping
COVERED := $(TARGETS:%=$(O)/coverage/fuzz_%)
cover_objects = $(patsubst %.c,$(O)/cover/%.o,$(1))
not_linked = $(filter-out $(foreach t,$(TARGETS),$(call fuzz_sources,$(t))),\
	$(shell find $(ROOMS) -name '*.c'))
rest_objects = $(patsubst %.c,$(O)/cover/rest/%.o,$(not_linked))

$(O)/cover/rest/%.o: %.c tools/fuzz.mk Makefile | $(SETUP) $(HEADERS) $(LWIP)
	$(call say,COVER,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(COVER) $(CPPFLAGS) -Inet/lwip \
		-isystem $(O)/lwip/src/include -ffreestanding -c -o $@ $<

$(O)/cover/%.o: %.c tools/fuzz.mk Makefile | $(SETUP) $(LWIP)
	$(call say,COVER,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(COVER) -fsanitize=address $(HOST_CFLAGS) -MD -MP -c -o $@ $<

$(O)/coverage/fuzz_%: $$(call cover_objects,$$(call fuzz_sources,$$*) \
		tests/fuzz/lib/replay.c tests/unit/lib/kernel.c \
		tests/unit/lib/tap.c kernel/check.c)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -fprofile-instr-generate -fsanitize=address -o $@ $^

coverage: $(COVERED) $$(rest_objects) ## lines of the kernel that the fuzz targets reach
	$(Q)env -u MAKEFLAGS -u MAKELEVEL tests/fuzz/coverage $(O) $(ROOMS) -- \
		$(TARGETS)
