# SPDX-License-Identifier: MIT
#
# BOOTX64.EFI: the loader of boot/efi with an application's pollux.elf inside,
# linked by GNU-EFI's start code and linker script into a shared object that
# relocates itself, and that objcopy turns into a PE32+ application.

GNU_EFI_INCLUDE = -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
	-DGNU_EFI_USE_MS_ABI
GNU_EFI_CRT := /usr/lib/crt0-efi-x86_64.o
GNU_EFI_LDS := /usr/lib/elf_x86_64_efi.lds

EFI_KERNEL := boot/efi/kernel.S
EFI_SRC := $(filter-out $(EFI_KERNEL),$(wildcard boot/efi/*.c boot/efi/*.S)) \
	libc/memory.c libc/string.c libc/printf.c
EFI_OBJECTS := $(patsubst %,$(O)/efi/%.o,$(basename $(EFI_SRC)))

$(O)/efi/%.o: CPPFLAGS += $(GNU_EFI_INCLUDE)
$(O)/efi/%.o: CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fPIC \
	-fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fno-strict-aliasing \
	-fno-asynchronous-unwind-tables
$(O)/efi/libc/%.o: CFLAGS += -fno-tree-loop-distribute-patterns

$(O)/efi/%.o: %.c Makefile tools/efi.mk | $(HEADERS)
	$(call say,CC,efi/$<)
	@mkdir -p $(@D)
	$(Q)$(compile)

$(O)/efi/%.o: %.S Makefile tools/efi.mk | $(HEADERS)
	$(call say,AS,efi/$<)
	@mkdir -p $(@D)
	$(Q)$(compile)

$(I)/efi-kernel.o: $(EFI_KERNEL) $(I)/pollux.elf
	$(Q)$(CC) -c -Wa,-I$(@D) -o $@ $<

$(I)/BOOTX64.so: $(EFI_OBJECTS) $(I)/efi-kernel.o
	$(Q)$(LD) -shared -Bsymbolic -nostdlib -znocombreloc -z noexecstack \
		--no-undefined --build-id=none -T $(GNU_EFI_LDS) -o $@ \
		$(GNU_EFI_CRT) $^ -L/usr/lib -lgnuefi

$(I)/BOOTX64.EFI: $(I)/BOOTX64.so
	$(call say,EFI,$@)
	$(Q)SOURCE_DATE_EPOCH=0 objcopy $(addprefix -j ,.text .data .dynamic .rela .reloc) \
		--target efi-app-x86_64 $< $@

efi: $(I)/BOOTX64.EFI ## build APP's image for UEFI; its path is the last line
	@echo $<

# What make run and make debug boot.
BOOTED := $(I)/$(if $(UEFI),BOOTX64.EFI,pollux.elf)
