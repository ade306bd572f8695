/* SPDX-License-Identifier: MIT */
/* The table of the protocols. */
#include "net/inet/protocol.h"

#include "kernel/base.h"

static const struct net_protocol *inet_protos[UINT8_MAX + 1] __ro_after_init;

void inet_add_protocol(const struct net_protocol *prot, uint8_t protocol)
{
	ASSERT(!inet_protos[protocol] || inet_protos[protocol] == prot);
	inet_protos[protocol] = prot;
}

const struct net_protocol *inet_protocol(uint8_t protocol)
{
	return inet_protos[protocol];
}
