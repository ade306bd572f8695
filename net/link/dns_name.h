/* SPDX-License-Identifier: MIT */
/*
 * Domain names that a DHCP server tells. Portable; no state.
 */
#ifndef NET_LINK_DNS_NAME_H
#define NET_LINK_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOMAIN_TEXT_MAX 256 /* with its NUL: resolv.conf(5) */

/*
 * RFC 2132 3.17: a name as text. False, and text is empty, unless it is one
 * that a resolver can be given: letters, digits, '-', '_', labels of at most
 * 63 bytes with one '.' between two. The NULs that some servers add are not
 * taken for a part of it.
 */
bool domain_from_text(const uint8_t *data, size_t len,
		      char text[DOMAIN_TEXT_MAX]);
/*
 * RFC 3397: a list of names as DNS writes them, compressed (RFC 1035 4.1.4).
 * As many of them as fit become text, with a space between two; false, and
 * text is empty, when one of them is not well-formed.
 */
bool domain_from_list(const uint8_t *data, size_t len,
		      char text[DOMAIN_TEXT_MAX]);

#endif
