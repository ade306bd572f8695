# SPDX-License-Identifier: MIT
#
# Pollux: one kernel, one application, one bootable image. `make help` lists
# what can be made; all output goes to build/.
#
# tools/prepare.mk brings what is compiled or compiled with and is not ours,
# tools/tests.mk has make check and make test.

O := build

## What to run
APP     := apps/echo#       ## a folder of apps/, or any .c file, folder of them or static ELF
ARGS    :=#                 ## the application's arguments
APPEND  :=#                 ## the kernel's command line: ip=dhcp, ip=A.B.C.D/N gw=..., loglevel=N
ROOTFS  :=#                 ## a folder whose files the application shall find
CC_APP  := musl-gcc#        ## compiles an application given as source, ...
CFLAGS_APP := -O2 -static#  ## ... with these flags
## Where to run it
MEM     := 64M#             ## guest memory
BOOT    := pvh#             ## pvh, or uefi: through OVMF and BOOTX64.EFI
MACHINE := q35#             ## q35, pc or microvm, with QEMU's options if any: microvm,acpi=off
CPU     := max#             ## QEMU's CPU model
ACCEL   := auto#            ## auto, tcg or kvm
NET     := user#            ## user, tap:IFNAME or none
PORTS   := 5555:7#          ## HOST:GUEST[/udp],... forwarded from 127.0.0.1
QEMU_EXTRA :=#              ## more options for QEMU
## How to build and test
BENCH   :=#                 ## options for make bench: --seconds S, --only LOAD
SECONDS := 600#             ## how long make fuzz (all targets) and make sim go on, or make soak
TARGET  :=#                 ## what make fuzz fuzzes: all of tests/fuzz when empty, or syscalls
TESTS   :=#                 ## names of tests (make test, unit, system); all when empty
LWIP_ARCHIVE ?=#            ## lwIP's source archive, when it shall not be fetched
V       :=#                 ## 1 prints whole commands

CC := gcc
LD := ld

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.PHONY: image efi disk run debug setup check test unit system bench \
	fuzz coverage hostile lies soak images clean distclean help FORCE

GOALS := $(or $(MAKECMDGOALS),image)
is_goal = $(filter $(1),$(GOALS))
UEFI := $(and $(call is_goal,run debug),$(filter uefi,$(BOOT)))
has_flag = $(findstring $(1),$(firstword -$(MAKEFLAGS)))
Q := $(if $(V),,@)
say = @$(if $(V)$(call has_flag,s),:,printf '  %-8s %s\n' '$(1)' '$(2)')

image: # with no goal

include tools/prepare.mk tools/tests.mk

# --- The kernel -------------------------------------------------------------

VDSO := kernel/vdso/vdso.c
KERNEL := $(filter-out $(VDSO) boot/efi/%,$(sort $(shell find boot kernel \
	drivers net libc -name '*.[cS]')))
OBJECTS := $(patsubst %,$(O)/%.o,$(basename $(KERNEL))) $(LWIP_SRC:.c=.o)

CPPFLAGS = -nostdinc -I. -Ilibc/include -isystem $(O)/uapi \
	-isystem $(O)/gcc-include
CFLAGS = -std=gnu11 -O2 -g -ffreestanding -fpie -mno-red-zone \
	-mgeneral-regs-only -fno-common \
	-fstack-protector-strong -mstack-protector-guard=global \
	-fcf-protection=branch -fno-jump-tables \
	-fno-strict-aliasing -fno-omit-frame-pointer \
	-ftrivial-auto-var-init=zero \
	-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
WARNINGS = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wno-unused-parameter -Werror
LDFLAGS = -nostdlib -pie --no-dynamic-linker -z pack-relative-relocs -z text \
	-z norelro -T linker.ld -z noexecstack -z max-page-size=4096 \
	--gc-sections --build-id=none

# Only net/ sees lwIP's headers. Without -fno-tree-loop-distribute-patterns
# memcpy() would be compiled into a call of itself.
$(O)/net/%.o: CPPFLAGS += -Inet/lwip -isystem $(O)/lwip/src/include
$(O)/lwip/%.o: CPPFLAGS += -Inet/lwip -I$(O)/lwip/src/include
$(O)/lwip/%.o: WARNINGS = -Wall
# They run before there is a guard, or where none can be read.
NO_STACK_GUARD := $(addprefix $(O)/,$(addsuffix .o, boot/enter boot/handover \
	boot/linux_params boot/memmap boot/pvh kernel/lib/chacha kernel/vdso/vdso))
$(NO_STACK_GUARD): CFLAGS += -fno-stack-protector
# They have keys in registers, and leave none there. Everywhere it would cost 5
# to 10 % of a call's instructions.
SECRETS := $(addprefix $(O)/kernel/,lib/chacha.o lib/siphash.o random.o)
$(SECRETS): CFLAGS += -fzero-call-used-regs=used-gpr
$(O)/libc/%.o: CFLAGS += -fno-tree-loop-distribute-patterns
$(filter $(O)/net/% $(O)/lwip/%,$(OBJECTS)): $(LWIP)

compile = $(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -MD -MP -c -o $@ $<

$(O)/%.o: %.c Makefile | $(HEADERS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(compile)

$(O)/%.o: %.S Makefile | $(HEADERS)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(compile)

# The names of the system calls, for the log.
$(O)/kernel/sys/syscall.o: $(O)/gen/syscall_names.h
$(O)/gen/syscall_names.h: tools/syscall-names | $(HEADERS)
	@mkdir -p $(@D)
	$(Q)$< $(O)/uapi/asm/unistd_64.h >$@

# The vDSO runs in ring 3, wherever it is mapped.
$(O)/kernel/vdso/vdso.o: CFLAGS := $(filter-out -fpie,$(CFLAGS)) -fPIC
$(O)/kernel/vdso/vdso.so: $(O)/kernel/vdso/vdso.o kernel/vdso/vdso.lds
	$(call say,LD,$@)
	$(Q)$(LD) -shared -soname linux-vdso.so.1 -T kernel/vdso/vdso.lds \
		-z noexecstack -z max-page-size=4096 -Bsymbolic --strip-all \
		--hash-style=both --build-id=none --no-undefined -o $@ $<
$(O)/kernel/vdso/image.o: CPPFLAGS += -Wa,-I$(O)/kernel/vdso
$(O)/kernel/vdso/image.o: $(O)/kernel/vdso/vdso.so

$(O)/lwip/%.o: $(O)/lwip/%.c Makefile | $(HEADERS)
	$(call say,CC,lwip/$*.c)
	$(Q)$(compile)

# --- The image: kernel, application and the kernel's symbol table -----------

ifneq ($(call is_goal,image efi disk run debug),)
APP_IS := $(shell tools/check-app '$(subst ','\'',$(APP))')
$(if $(filter-out 0,$(.SHELLSTATUS)),$(error $(APP_IS)))
I := $(O)/$(firstword $(APP_IS))
endif

image: $(I)/pollux.elf ## build APP's image; its path is the last line
	@echo $<

$(I)/initramfs.cpio: export CC_APP := $(CC_APP)
$(I)/initramfs.cpio: export CFLAGS_APP := $(CFLAGS_APP)
$(I)/initramfs.cpio: export ROOTFS := $(ROOTFS)
$(I)/initramfs.cpio: FORCE | $(SETUP)
	@tools/mkinitramfs '$(subst ','\'',$(APP))' $(@D) \
		$(if $(call has_flag,s),>/dev/null)

$(I)/initramfs.o: tools/initramfs.S $(I)/initramfs.cpio
	$(Q)$(CC) -c -Wa,-I$(@D) -o $@ $<

# The symbol table needs the addresses of a linked kernel, and is part of it:
# the first pass is linked with an empty one. It lies behind all code, so that
# the second pass moves none; the comparison proves it.
LINKED = $(OBJECTS) $(I)/initramfs.o

$(I)/nosyms.S: tools/symtab
	@mkdir -p $(@D)
	$(Q)tools/symtab </dev/null >$@

$(I)/pass1.dbg: $(LINKED) $(I)/nosyms.o linker.ld
	$(Q)$(LD) $(LDFLAGS) -o $@ $(filter %.o,$^)

$(I)/ksyms.S: $(I)/pass1.dbg tools/symtab
	$(Q)nm -n $< | tools/symtab >$@

$(I)/%syms.o: $(I)/%syms.S
	$(Q)$(CC) -c -o $@ $<

$(I)/pollux.dbg: $(LINKED) $(I)/ksyms.o linker.ld
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) -o $@ $(filter %.o,$^)
	$(Q)nm -n $@ | tools/symtab | cmp - $(I)/ksyms.S

$(I)/pollux.elf: $(I)/pollux.dbg
	$(Q)objcopy --strip-all $< $@

include tools/efi.mk

disk: export APPEND := $(APPEND)
disk: export ARGS := $(ARGS)
disk: $(I)/BOOTX64.EFI ## build APP's disk, raw and qcow2, and ISO; the last lines are their paths
	@tools/mkdisk $< $(I)

# --- Running it -------------------------------------------------------------

ifneq ($(call is_goal,run debug),)
export BOOT MEM MACHINE CPU ACCEL NET PORTS APPEND ARGS QEMU_EXTRA
endif

run: $(BOOTED) ## boot APP in QEMU; a script uses tools/run, which ends with its status
	@tools/run $<

debug: $(BOOTED) ## boot APP in QEMU, waiting for gdb
	@tools/run --gdb $<

# --- The rest ---------------------------------------------------------------

setup: $(SETUP) ## install every package that any of this needs
	@:

clean: ## remove what was built, but not what was downloaded
	$(Q)[ ! -d $(O) ] || find $(O) -mindepth 1 -maxdepth 1 \
		! -name downloads -exec rm -rf {} +

distclean: ## remove build/ wholly
	$(Q)rm -rf $(O)

help: ## this text
	@echo 'make TARGET [NAME=VALUE]...'
	@sed -n 's/^\([a-z]*\):.* ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14 | sed 's/^/  /'
	@sed -n -e 's/^## \(.*\)/\n\1:/p' \
		-e 's/^\([A-Z_]*\) *[:?]= *\([^#]*\)#* *## /\1\t\2\t/p' Makefile | \
		expand -t 14,26 | sed '/:$$/!s/^\(.\)/  \1/'

-include $(shell [ ! -d $(O) ] || find $(O) -name '*.d' -type f)
