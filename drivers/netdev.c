/* SPDX-License-Identifier: MIT */
/*
 * The one network device that the stack uses: the first whose driver came
 * up. Thread context at boot.
 */
#include "drivers/netdev.h"

#include <errno.h>

static struct netdev *first __ro_after_init;

int netdev_register(struct netdev *dev)
{
	if (first)
		return -EBUSY;
	first = dev;
	return 0;
}

struct netdev *netdev_first(void)
{
	return first;
}

int netdev_start(struct netdev *dev)
{
	ASSERT(dev->rx && dev->tx_done);
	return dev->ops->start(dev);
}
