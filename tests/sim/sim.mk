# SPDX-License-Identifier: MIT
#
# The simulator: a shared object with a host, which is loaded once for each,
# and the program with the wire, the faults and the programs on top. Two
# builds: fast, and asan with the sanitizers (make sim SIM_BUILD=asan).

SIM := $(O)/sim
SIM_BUILDS := fast asan
SIM_HOST := $(filter-out net/unix/% net/socket/scm.c net/socket/sockbuf.c \
	net/socket/sock_signal.c, $(wildcard net/*.c net/*/*.c)) $(LWIP_SRC) \
	$(addprefix kernel/, check.c lib/rbtree.c lib/seq_buf.c lib/siphash.c \
	task/wait.c task/timer.c task/softirq.c x86/switch.S \
	fs/file.c fs/fdtable.c fs/read_write.c fs/iov_iter.c fs/fcntl.c \
	pipe/pipe.c pipe/pipe_buf.c pipe/splice.c pipe/splice_pipe.c \
	pipe/sendfile.c pipe/vmsplice.c \
	event/eventpoll.c event/eventpoll_ctl.c event/eventpoll_path.c \
	event/eventpoll_busy.c event/select.c \
	sys/sys_file.c sys/sys_message.c sys/sys_poll.c sys/sys_socket.c \
	sys/sys_splice.c) \
	$(addprefix drivers/virtio/, virtio.c virtqueue.c virtio_net.c \
	virtio_net_rx.c virtio_net_tx.c) \
	$(addprefix tests/unit/lib/, fake_ring.c fake_virtio.c) \
	tests/unit/bed/user_memory.c \
	$(wildcard tests/sim/machine/*.c)
SIM_MAIN := $(wildcard tests/sim/*.c)

SIM_CFLAGS = -std=gnu11 -D_GNU_SOURCE -g -fPIC -fvisibility=hidden -fno-strict-aliasing \
	-fno-omit-frame-pointer -I. -Itests/unit -Itests/sim $(WARNINGS)
sim_objects = $(addprefix $(SIM)/$(1)/,$(addsuffix .o,$(basename $(2))))

$(SIM)/fast/%: SIM_CFLAGS += -O2
$(SIM)/asan/%: SIM_CFLAGS += -O1 -fsanitize=address,undefined \
	-fno-sanitize=alignment -fno-sanitize-recover=all
sim_lwip = -Inet/lwip -isystem $(O)/lwip/src/include
$(foreach b,$(SIM_BUILDS),$(SIM)/$(b)/net/%.o $(SIM)/$(b)/$(O)/lwip/%.o \
	$(SIM)/$(b)/tests/sim/machine/%.o): SIM_CFLAGS += $(sim_lwip)
$(foreach b,$(SIM_BUILDS),$(SIM)/$(b)/$(O)/lwip/%.o): WARNINGS = -Wall

define sim_build
$(SIM)/$(1)/%.o: %.c tests/sim/sim.mk Makefile | $(SETUP) $(LWIP)
	$$(call say,SIMCC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(SIM_CFLAGS) -MD -MP -c -o $$@ $$<

$(SIM)/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -c -o $$@ $$<

$(SIM)/$(1)/host.so: $(call sim_objects,$(1),$(SIM_HOST))
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(SIM_CFLAGS) -shared -Wl,-z,defs -Wl,-Bsymbolic \
		-Wl,--wrap=net_hook_tcp_isn -o $$@ $$^

$(SIM)/$(1)/sim: $(call sim_objects,$(1),$(SIM_MAIN)) | $(SIM)/$(1)/host.so
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(SIM_CFLAGS) -o $$@ $$^ -ldl
endef
$(foreach b,$(SIM_BUILDS),$(eval $(call sim_build,$(b))))

SIM_TEST := tests/sim/sim.t
SIM_BUILD ?= fast

.PHONY: sim
sim: $$(SIM)/$$(SIM_BUILD)/sim ## simulated hosts on a hostile wire, for SECONDS, from SEED on
	$(Q)$(SIM)/$(SIM_BUILD)/sim --first=$(or $(SEED),$(shell date +%s)) \
		--seconds=$(SECONDS)
