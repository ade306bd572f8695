/* SPDX-License-Identifier: MIT */
/*
 * Domain names from a DHCP server. Portable; no state.
 */
#ifndef NET_LINK_DNS_NAME_H
#define NET_LINK_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOMAIN_TEXT_MAX 256 /* with its NUL: resolv.conf(5) */

/*
 * RFC 2132 3.17: a name as text. False, and text is empty, unless it is valid
 * for a resolver: letters, digits, '-', '_', labels of at most 63 bytes with
 * one '.' between two. NULs at the end, which some servers add, are ignored.
 */
bool domain_from_text(const uint8_t *data, size_t len,
		      char text[DOMAIN_TEXT_MAX]);
/*
 * RFC 3397: a list of names in DNS's compressed form (RFC 1035 4.1.4). As many
 * as fit are written to text, separated by spaces; false, and text is empty,
 * if a name is malformed or there is none.
 */
bool domain_from_list(const uint8_t *data, size_t len,
		      char text[DOMAIN_TEXT_MAX]);

#endif
