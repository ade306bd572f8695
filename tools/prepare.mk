# SPDX-License-Identifier: MIT
#
# What has to be there before anything is compiled: the machine's packages,
# lwIP's sources, the headers of the distribution.

# Which packages: those for what was asked for.
PURPOSES := build $(if $(call is_goal,run debug),run) \
	$(if $(call is_goal,debug),debug) \
	$(if $(call is_goal,test unit system check),run test) \
	$(if $(call is_goal,efi disk test unit system fuzz coverage)$(UEFI),uefi) \
	$(if $(call is_goal,disk test unit system),disk) \
	$(if $(call is_goal,fuzz coverage),fuzz run test) \
	$(if $(call is_goal,bench),run)
PURPOSES := $(if $(call is_goal,setup),build run uefi disk test fuzz debug,\
	$(strip $(PURPOSES)))
empty :=
SETUP := $(O)/.setup-$(subst $(empty) $(empty),-,$(PURPOSES))

# dpkg's status file is newer after packages were installed or removed.
$(SETUP): tools/packages tools/setup $(wildcard /var/lib/dpkg/status)
	@tools/setup $(PURPOSES)
	@mkdir -p $(O) && touch $@

export LWIP_ARCHIVE
LWIP := $(O)/lwip.stamp
LWIP_SRC := $(addprefix $(O)/lwip/src/, $(addprefix core/, def.c dns.c \
	inet_chksum.c init.c ip.c mem.c netif.c pbuf.c raw.c stats.c sys.c \
	tcp.c tcp_in.c tcp_out.c timeouts.c udp.c) $(addprefix core/ipv4/, \
	dhcp.c etharp.c icmp.c ip4.c ip4_addr.c ip4_frag.c) netif/ethernet.c)

# The folder itself is newer after a patch was added or removed.
$(LWIP): tools/fetch-lwip $(wildcard net/lwip/patches net/lwip/patches/*.patch) \
		| $(SETUP)
	$(Q)tools/fetch-lwip $(O)
	@touch $@

$(LWIP_SRC): | $(LWIP) ;

# The user API of Linux and the compiler's own headers, and nothing else of
# the host's, are what the kernel may include with <>.
HEADERS := $(O)/uapi/.stamp
$(HEADERS): tools/prepare.mk | $(SETUP)
	@mkdir -p $(@D)
	@ln -sfn /usr/include/linux $(@D)/linux
	@ln -sfn /usr/include/asm-generic $(@D)/asm-generic
	@ln -sfn /usr/include/video $(@D)/video
	@ln -sfn /usr/include/x86_64-linux-gnu/asm $(@D)/asm
	@ln -sfn $$($(CC) -print-file-name=include) $(O)/gcc-include
	@touch $@
