/* SPDX-License-Identifier: MIT */
/*
 * Parses the addresses of the command line. Portable; no state.
 */
#include "net/ipconfig.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Decimal digits only, no sign, no leading zero, at most max. */
static const char *parse_number(const char *p, unsigned int max,
				unsigned int *value)
{
	const char *start = p;
	unsigned int v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (p - start == 3 || (p > start && *start == '0'))
			return NULL;
		v = v * 10 + (*p - '0');
	}
	if (p == start || v > max)
		return NULL;
	*value = v;
	return p;
}

static const char *parse_quad(const char *p, uint32_t *addr)
{
	uint8_t bytes[4];

	for (int i = 0; i < 4; i++) {
		unsigned int value;

		if (i && *p++ != '.')
			return NULL;
		p = parse_number(p, 255, &value);
		if (!p)
			return NULL;
		bytes[i] = value;
	}
	memcpy(addr, bytes, 4);
	return p;
}

bool parse_ipv4(const char *text, uint32_t *addr)
{
	const char *end = parse_quad(text, addr);

	return end && !*end;
}

static uint32_t prefix_mask(unsigned int prefix)
{
	uint32_t host = prefix ? ~0U << (32 - prefix) : 0;

	return __builtin_bswap32(host);
}

unsigned int prefix_length(uint32_t netmask)
{
	unsigned int n = 0;

	for (; netmask; netmask &= netmask - 1)
		n++;
	return n;
}

/* An address that a host can have: RFC 1122 3.2.1.3. */
static bool is_host_address(uint32_t addr)
{
	uint8_t first = addr & 0xff;

	return first != 0 && first != 127 && first < 224;
}

static bool parse_prefixed(const char *text, struct ipconfig *config)
{
	unsigned int prefix;
	const char *p = parse_quad(text, &config->addr);

	if (!p || *p != '/')
		return false;
	p = parse_number(p + 1, 32, &prefix);
	if (!p || *p || !prefix)
		return false;
	config->netmask = prefix_mask(prefix);
	return true;
}

/* All ones or all zeros behind the prefix name the net, not a host. */
static bool is_net_address(const struct ipconfig *config)
{
	uint32_t host = config->addr & ~config->netmask;

	if (prefix_length(config->netmask) > 30)
		return false; /* RFC 3021 */
	return host == 0 || host == ~config->netmask;
}

static const char *parse_static(struct ipconfig *config, const char *ip,
				const char *gw, const char **word)
{
	*word = ip;
	if (!parse_prefixed(ip, config))
		return "neither dhcp nor an address A.B.C.D/N";
	if (!is_host_address(config->addr) || is_net_address(config))
		return "not an address that a host can have";
	if (!gw)
		return NULL;
	*word = gw;
	if (!parse_ipv4(gw, &config->gateway) ||
	    !is_host_address(config->gateway))
		return "not a gateway's address A.B.C.D";
	if ((config->gateway ^ config->addr) & config->netmask)
		return "a gateway outside of the machine's own network";
	return NULL;
}

const char *ipconfig_parse(struct ipconfig *config, const char *ip,
			   const char *gw, const char *dns, const char **word)
{
	memset(config, 0, sizeof(*config));
	config->dhcp = !ip || !strcmp(ip, "dhcp");
	if (config->dhcp && gw) {
		*word = gw;
		return "a gateway, but the address comes from DHCP";
	}
	if (dns &&
	    (!parse_ipv4(dns, &config->dns) || !is_host_address(config->dns))) {
		*word = dns;
		return "not a name server's address A.B.C.D";
	}
	if (config->dhcp)
		return NULL;
	return parse_static(config, ip, gw, word);
}

char *format_ipv4(char *buf, uint32_t addr)
{
	const uint8_t *b = (const uint8_t *)&addr;

	snprintf(buf, 16, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	return buf;
}
