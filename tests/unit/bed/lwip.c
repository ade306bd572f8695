/* SPDX-License-Identifier: MIT */
/*
 * lwIP between the device of the bed and an application of the raw API.
 */
#include "bed/lwip.h"

#include <stdlib.h>
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "drivers/netdev.h"
#include "kernel/base.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/task/timer.h"
#include "lib/tap.h"
#include "net/lwip/hooks.h"
#include "net/lwip/memp.h"
#include "net/lwip/pcb_table.h"
#include "net/net.h"

struct netif bed_netif;
size_t bed_first_piece;
err_t bed_output_error;
struct bed_app bed_app = { .reads = true };

static struct netdev *dev;
static struct timer timer;

/* ---- The hooks: everything passes ---------------------------------------- */

void net_assert_context(void)
{
}

int net_hook_tcp_no_connection(const struct tcp_hdr *hdr, u16_t len)
{
	return 0;
}

void net_hook_tcp_input_done(void)
{
}

int net_hook_tcp_segment_done(struct tcp_pcb *pcb)
{
	return 0;
}

u32_t *net_hook_tcp_output(const struct pbuf *p, struct tcp_hdr *hdr,
			   const struct tcp_pcb *pcb, u32_t *opts)
{
	return opts;
}

int net_hook_tcp_give_up(const struct tcp_pcb *pcb)
{
	return pcb->nrtx >=
	       (pcb->state == SYN_SENT ? TCP_SYNMAXRTX : TCP_MAXRTX);
}

int net_hook_tcp_hold(const struct tcp_pcb *pcb, const struct tcp_seg *seg)
{
	return 0;
}

struct tcp_pcb_listen *net_hook_tcp_find_listener(const struct tcp_hdr *hdr)
{
	struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs;

	while (l && l->local_port != hdr->dest)
		l = l->next;
	return l;
}

u32_t net_hook_tcp_isn(const ip_addr_t *local_ip, u16_t local_port,
		       const ip_addr_t *remote_ip, u16_t remote_port)
{
	return rand();
}

err_t net_hook_tcp_input(struct tcp_pcb *pcb, struct tcp_hdr *hdr, u16_t optlen,
			 u16_t opt1len, u8_t *opt2, struct pbuf *p)
{
	return ERR_OK;
}

int net_hook_tcp_reset_allowed(struct tcp_hdr *hdr, u16_t optlen)
{
	return 1;
}

int net_hook_ip4_input(struct pbuf *p, struct netif *netif)
{
	return 0;
}

void net_hook_dhcp_option(u8_t option, u8_t len, struct pbuf *p, u16_t offset)
{
}

/* ---- The interface ------------------------------------------------------- */

/* The struct and the memory are two allocations: over-reads are seen. */
struct piece {
	struct pbuf_custom custom;
	uint8_t *mem;
};

static void piece_free(struct pbuf *p)
{
	struct piece *piece = (struct piece *)p;

	free(piece->mem);
	free(piece);
}

static struct pbuf *new_piece(const uint8_t *data, size_t len)
{
	struct piece *piece = malloc(sizeof(*piece));

	piece->mem = malloc(len);
	memcpy(piece->mem, data, len);
	piece->custom.custom_free_function = piece_free;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &piece->custom,
				   piece->mem, len);
}

static void receive(struct netdev *netdev, struct rx_buf *buf)
{
	size_t first = bed_first_piece;
	struct pbuf *p;

	if (!first || first > buf->len)
		first = buf->len;
	p = new_piece(buf->data, first);
	if (first < buf->len)
		pbuf_cat(p, new_piece(buf->data + first, buf->len - first));
	netdev->ops->rx_free(netdev, buf);
	if (bed_netif.input(p, &bed_netif) != ERR_OK)
		pbuf_free(p);
}

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
	struct netdev_sg sg = { malloc(p->tot_len), p->tot_len };

	pbuf_copy_partial(p, (void *)sg.addr, p->tot_len, 0);
	dev->ops->xmit(dev, &sg, 1, NULL);
	free((void *)sg.addr);
	return ERR_OK;
}

static err_t send_packet(struct netif *netif, struct pbuf *p,
			 const ip4_addr_t *to)
{
	if (bed_output_error != ERR_OK)
		return bed_output_error;
	return etharp_output(netif, p, to);
}

static err_t setup(struct netif *netif)
{
	netif->mtu = dev->mtu;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, dev->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		       NETIF_FLAG_ETHERNET;
	netif->output = send_packet;
	netif->linkoutput = send_frame;
	return ERR_OK;
}

static void tx_done(struct netdev *netdev, void *cookie)
{
}

static void link_changed(struct netdev *netdev)
{
	if (netdev->link_up)
		netif_set_link_up(&bed_netif);
	else
		netif_set_link_down(&bed_netif);
}

static void timer_fired(struct timer *t)
{
	raise_softirq(SOFTIRQ_NET);
}

static void softirq(void)
{
	uint32_t ms;

	dev->ops->reclaim(dev);
	while (dev->ops->poll(dev, 64))
		;
	sys_check_timeouts();
	while (net_pcb_run_timers())
		;
	ms = sys_timeouts_sleeptime();
	timer_start(&timer, ktime_get_ns() + ms * NSEC_PER_MSEC);
}

int net_init(void)
{
	ip4_addr_t addr, mask, gateway;

	dev = netdev_first();
	dev->rx = receive;
	dev->tx_done = tx_done;
	dev->link_changed = link_changed;
	lwip_init();
	ip4addr_aton(BED_ADDR, &addr);
	ip4addr_aton("255.255.0.0", &mask);
	ip4addr_aton(PEER_ADDR, &gateway);
	netif_add(&bed_netif, &addr, &mask, &gateway, NULL, setup,
		  ethernet_input);
	netif_set_default(&bed_netif);
	netif_set_link_up(&bed_netif);
	netif_set_up(&bed_netif);
	timer_setup(&timer, timer_fired);
	softirq_set(SOFTIRQ_NET, softirq);
	raise_softirq(SOFTIRQ_NET);
	return 0;
}

/* ---- The application ----------------------------------------------------- */

static err_t receive_data(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
			  err_t err)
{
	struct bed_app *app = arg;

	if (!p) {
		app->eof = true;
		return ERR_OK;
	}
	app->data = realloc(app->data, app->got + p->tot_len);
	pbuf_copy_partial(p, app->data + app->got, p->tot_len, 0);
	app->got += p->tot_len;
	if (app->reads)
		tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static void ended(void *arg, err_t err)
{
	((struct bed_app *)arg)->pcb = NULL;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	if (err != ERR_OK)
		return err;
	if (bed_app.pcb)
		return ERR_MEM;
	bed_app.pcb = pcb;
	bed_app.got = 0;
	bed_app.eof = false;
	tcp_arg(pcb, &bed_app);
	tcp_recv(pcb, receive_data);
	tcp_err(pcb, ended);
	return ERR_OK;
}

struct tcp_pcb *bed_app_listen(void)
{
	struct tcp_pcb *pcb = tcp_new();

	if (tcp_bind(pcb, IP_ADDR_ANY, LWIP_PORT) != ERR_OK)
		bail_out("tcp_bind");
	pcb = tcp_listen_with_backlog(pcb, 1000);
	tcp_accept(pcb, accepted);
	return pcb;
}

void bed_app_accept(struct peer *p)
{
	static uint16_t port = 20000;

	if (!peer_connect(p, port++, LWIP_PORT) || !bed_app.pcb)
		bail_out("no connection");
}

void bed_app_drop(void)
{
	struct tcp_pcb *pcb = bed_app.pcb;

	if (pcb) {
		tcp_err(pcb, NULL);
		tcp_abandon(pcb, 0);
	}
	bed_app.pcb = NULL;
	free(bed_app.data);
	bed_app.data = NULL;
	bed_app.got = 0;
	bed_forget_sent();
}
