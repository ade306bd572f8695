/* SPDX-License-Identifier: MIT */
/* The vhost-user protocol. */
#include "vhost.h"

#include <err.h>
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "memory.h"

#define VERSION 1
#define REPLY 4
#define NEEDS_REPLY 8
#define NO_FD 0x100 /* beside the index, in a message with a descriptor */
#define F_PROTOCOL_FEATURES 30

enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR,
	SET_VRING_BASE,
	GET_VRING_BASE,
	SET_VRING_KICK,
	SET_VRING_CALL,
	SET_VRING_ERR,
	GET_PROTOCOL_FEATURES,
	SET_PROTOCOL_FEATURES,
	GET_QUEUE_NUM,
	SET_VRING_ENABLE,
};

struct message {
	struct {
		uint32_t request, flags, size; /* of the rest */
	} head;
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t desc, used, avail, log;
		} addr;
		struct {
			uint32_t n, padding;
			struct memory_region region[REGIONS_MAX];
		} memory;
	};
};

#define BODY_MAX (sizeof(struct message) - offsetof(struct message, u64))

/* What QEMU has told of a ring, for when it is started. */
static struct {
	uint64_t desc, avail, used;
	bool enabled, addressed;
} told[RINGS];
static uint64_t features;

void vhost_init(struct vhost *v, uint64_t offered)
{
	memset(v, 0, sizeof(*v));
	v->fd = -1;
	v->offered = offered | 1ULL << F_PROTOCOL_FEATURES;
	for (int i = 0; i < RINGS; i++)
		v->ring[i] = (struct ring){ .index = i,
					    .kick = -1,
					    .call = -1 };
}

void vhost_connect(struct vhost *v, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	unsigned int tries = 3000;

	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	v->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(v->fd, (void *)&sun, sizeof(sun))) {
		if (!--tries)
			err(1, "%s", path);
		usleep(10000);
	}
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stop(struct vhost *v, struct ring *ring)
{
	if (ring->live && ring->index == RX)
		v->stops++;
	ring_stop(ring);
	close_fd(&ring->kick);
}

void vhost_disconnect(struct vhost *v)
{
	for (int i = 0; i < RINGS; i++) {
		stop(v, &v->ring[i]);
		close_fd(&v->ring[i].call);
		memset(&told[i], 0, sizeof(told[i]));
	}
	close_fd(&v->fd);
}

bool vhost_live(const struct vhost *v)
{
	return v->ring[RX].live && v->ring[TX].live;
}

/* QEMU's addresses are good until the memory's next change. */
static void find_ring(struct ring *ring)
{
	ring->desc = memory_at_user(told[ring->index].desc);
	ring->avail = memory_at_user(told[ring->index].avail);
	ring->used = memory_at_user(told[ring->index].used);
	if (!ring->desc || !ring->avail || !ring->used)
		errx(1, "ring %d is not in memory", ring->index);
}

static void start_if_complete(struct ring *ring)
{
	if (ring->live || !told[ring->index].enabled ||
	    !told[ring->index].addressed || ring->kick < 0)
		return;
	find_ring(ring);
	ring->event_idx = features & 1ULL << VIRTIO_RING_F_EVENT_IDX;
	ring_start(ring);
}

/* ---- Messages ------------------------------------------------------------ */

static void set_memory(struct vhost *v, const struct message *m, int *fds)
{
	memory_set(m->memory.region, fds, m->memory.n);
	for (int i = 0; i < RINGS; i++)
		if (v->ring[i].live)
			find_ring(&v->ring[i]);
}

static void set_features(struct vhost *v, uint64_t agreed)
{
	features = agreed;
	v->header = agreed & (1ULL << VIRTIO_F_VERSION_1 |
			      1ULL << VIRTIO_NET_F_MRG_RXBUF) ?
			    sizeof(struct virtio_net_hdr_v1) :
			    sizeof(struct virtio_net_hdr);
}

static void get_base(struct vhost *v, struct ring *ring, struct message *m)
{
	stop(v, ring);
	m->state.num = ring->last_avail;
}

static void set_fd(int *fd, const struct message *m, int *given)
{
	close_fd(fd);
	if (m->u64 & NO_FD)
		return;
	*fd = *given;
	*given = -1;
}

/* A message about one ring. */
static void ring_message(struct vhost *v, struct message *m, int *fds)
{
	unsigned int index = m->state.index & 0xff;
	struct ring *ring = &v->ring[index];

	if (index >= RINGS)
		errx(1, "message %u of ring %u", m->head.request, index);
	switch (m->head.request) {
	case SET_VRING_NUM:
		if (m->state.num > RING_MAX)
			errx(1, "a ring of %u", m->state.num);
		ring->num = m->state.num;
		break;
	case SET_VRING_ADDR:
		told[index].desc = m->addr.desc;
		told[index].avail = m->addr.avail;
		told[index].used = m->addr.used;
		told[index].addressed = true;
		break;
	case GET_VRING_BASE:
		get_base(v, ring, m);
		break;
	case SET_VRING_KICK:
		set_fd(&ring->kick, m, fds);
		break;
	case SET_VRING_CALL:
		set_fd(&ring->call, m, fds);
		break;
	case SET_VRING_ENABLE:
		told[index].enabled = m->state.num;
		if (!m->state.num)
			stop(v, ring);
	}
	start_if_complete(ring);
}

static void handle(struct vhost *v, struct message *m, int *fds)
{
	switch (m->head.request) {
	case GET_FEATURES:
		m->u64 = v->offered;
		break;
	case SET_FEATURES:
		set_features(v, m->u64);
		break;
	case SET_MEM_TABLE:
		set_memory(v, m, fds);
		break;
	case GET_PROTOCOL_FEATURES:
		m->u64 = 0;
		break;
	case GET_QUEUE_NUM:
		m->u64 = 1;
		break;
	case SET_VRING_NUM:
	case SET_VRING_ADDR:
	case GET_VRING_BASE:
	case SET_VRING_KICK:
	case SET_VRING_CALL:
	case SET_VRING_ENABLE:
		ring_message(v, m, fds);
		break;
	default: /* is of no concern: whose it is, where errors go */
		break;
	}
}

static bool wants_answer(const struct message *m)
{
	return m->head.request == GET_FEATURES ||
	       m->head.request == GET_PROTOCOL_FEATURES ||
	       m->head.request == GET_QUEUE_NUM ||
	       m->head.request == GET_VRING_BASE;
}

static bool receive(int from, struct message *m, int *fds)
{
	char control[CMSG_SPACE(REGIONS_MAX * sizeof(int))];
	struct iovec iov = { &m->head, sizeof(m->head) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	memset(fds, -1, REGIONS_MAX * sizeof(*fds));
	if (recvmsg(from, &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC) !=
	    sizeof(m->head))
		return false;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_type == SCM_RIGHTS)
			memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	if (m->head.size > BODY_MAX)
		errx(1, "message %u of %u bytes", m->head.request,
		     m->head.size);
	return !m->head.size ||
	       recv(from, &m->u64, m->head.size, MSG_WAITALL) == m->head.size;
}

bool vhost_message(struct vhost *v)
{
	struct message m = { 0 };
	int fds[REGIONS_MAX];

	if (!receive(v->fd, &m, fds))
		return false;
	handle(v, &m, fds);
	for (int i = 0; i < REGIONS_MAX; i++)
		close_fd(&fds[i]);
	if (!wants_answer(&m))
		return true;
	m.head.flags = VERSION | REPLY;
	m.head.size = m.head.request == GET_VRING_BASE ? sizeof(m.state) :
							 sizeof(m.u64);
	return send(v->fd, &m.head, sizeof(m.head), MSG_NOSIGNAL) > 0 &&
	       send(v->fd, &m.u64, m.head.size, MSG_NOSIGNAL) > 0;
}
