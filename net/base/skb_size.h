/* SPDX-License-Identifier: MIT */
/*
 * What Linux on x86-64 charges for a message beside its bytes: programs see it
 * in how much fits in a buffer.
 */
#ifndef NET_BASE_SKB_SIZE_H
#define NET_BASE_SKB_SIZE_H

#define SKB_OVERHEAD 256 /* struct sk_buff */
#define SKB_SHARED_INFO 320 /* struct skb_shared_info, behind the bytes */
#define SKB_ALIGN 64 /* a cache line */

#endif
