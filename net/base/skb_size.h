/* SPDX-License-Identifier: MIT */
/*
 * What a message costs beside its bytes on Linux, x86-64: programs see it in how
 * much fits a buffer.
 */
#ifndef NET_BASE_SKB_SIZE_H
#define NET_BASE_SKB_SIZE_H

#define SKB_OVERHEAD 256 /* struct sk_buff */
#define SKB_SHARED_INFO 320 /* struct skb_shared_info, behind the bytes */
#define SKB_ALIGN 64 /* a cache line */

#endif
