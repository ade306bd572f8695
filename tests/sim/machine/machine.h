/* SPDX-License-Identifier: MIT */
/*
 * A host of the simulator: the kernel's network, events, system calls and
 * virtio-net driver over a machine that is only memory, a clock, threads and
 * a network device. It is one shared object; the simulator loads a copy of it
 * for each host, and each copy has variables of its own.
 *
 * Nothing runs but inside machine_ops.run(), and no time passes there but what
 * the host takes for itself. Times are nanoseconds since the simulation began,
 * unless they are said to be the host's.
 */
#ifndef TESTS_SIM_MACHINE_MACHINE_H
#define TESTS_SIM_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 1600 /* bytes that a frame may have on the wire */

struct machine_config {
	uint8_t mac[6];
	uint16_t mtu;
	char addr[32]; /* "10.99.0.2/16" */
	uint64_t seed; /* of its random numbers */
	uint64_t boot_ns; /* its own clock when it starts */
	uint64_t lwip_ms; /* ... and what of that lwIP counts, 32 bits */
	uint32_t tcp_ticks; /* lwIP's count of slow timers */
	uint32_t look_ns; /* each look at the clock takes so long */
	size_t pages; /* of memory */
	bool isn_wraps; /* initial sequence numbers are close to their wrap */
	bool legacy; /* the device is from before virtio 1.0 */
	bool event_idx; /* the device offers VIRTIO_F_EVENT_IDX */
};

/* What the simulator does for its hosts. */
struct machine_env {
	void *host; /* the first argument of all */
	/* An allocation of so many bytes is refused. */
	bool (*refuse)(void *host, size_t size);
	void (*transmit)(void *host, const void *frame, size_t len);
	void (*log)(void *host, const char *text);
	/* Does not come back. */
	void (*panic)(void *host, const char *text);
	/* A thread has ended. */
	void (*thread_ended)(void *host, void *arg);
};

/* How a device can lie. */
enum device_lie {
	LIE_RX_ID, /* a used buffer that is none */
	LIE_RX_LENGTH, /* longer than the buffer */
	LIE_RX_SHORT, /* shorter than its header */
	LIE_RX_TWICE, /* the same buffer again */
	LIE_TX_ID,
	LIE_TX_TWICE,
	LIE_NEEDS_RESET,
	NR_DEVICE_LIES,
};

struct machine_state {
	size_t objects; /* allocated */
	size_t bytes;
	size_t pages_free;
	unsigned int threads; /* that have not ended */
	size_t tcp_pcbs, time_waits, rx_held;
	uint64_t clock; /* the host's own */
	uint64_t resets, rx_packets, tx_packets, rx_rescued;
	uint64_t wait_tripped;
	uint64_t refused; /* allocations, whatever the reason */
};

/* A thread that sleeps, as the checks see it. */
struct machine_thread;

struct machine_ops {
	void (*boot)(const struct machine_config *config,
		     const struct machine_env *env);
	/* All that can run does, until each thread sleeps. */
	void (*run)(uint64_t now);
	uint64_t (*next)(void); /* when it wants to run again; UINT64_MAX */
	bool (*wants_to_run)(void);
	/* Threads are run by run(); arg goes to thread_ended(), too. */
	void (*thread_start)(void (*fn)(void *arg), void *arg);
	/* From inside a thread. */
	long (*syscall)(long nr, const uint64_t args[6]);
	uint64_t (*clock)(void); /* the host's, now */
	void (*sleep)(uint64_t ns);

	/* The device's side; between two runs. */
	bool (*receive)(const void *frame, size_t len, bool interrupt);
	void (*serve)(void); /* transmits what is in the ring */
	bool (*doorbell)(void); /* rung since the last call */
	void (*link)(bool up);
	void (*lie)(enum device_lie lie);

	/* For the checks: nothing changes by these. */
	void (*state)(struct machine_state *state);
	uint32_t (*poll_mask)(int fd); /* EPOLL*, 0 where it is not open */
	bool (*counter)(unsigned int n, const char **name, uint64_t *value);
	const char *(*check)(void); /* all registered; NULL: all hold */
	const char *(*leaks)(void); /* what is out, for people */
};

/* The one symbol of the object: a struct machine_ops. */
#define MACHINE_OPS "machine_ops"

#endif
