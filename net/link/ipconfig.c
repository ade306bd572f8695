/* SPDX-License-Identifier: MIT */
/*
 * Parses the addresses of the command line. Portable; no state.
 */
#include "net/link/ipconfig.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Up to 3 decimal digits, no sign, no leading zero; the value at most max. */
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

/* All ones or all zeros behind the prefix: the broadcast or net address. */
static bool is_net_address(const struct ipconfig *config)
{
	uint32_t host = config->addr & ~config->netmask;

	if (prefix_length(config->netmask) > 30)
		return false; /* RFC 3021 */
	return host == 0 || host == ~config->netmask;
}

static const char *check_static(struct ipconfig *config, const char *gw,
				const char **word)
{
	if (!is_host_address(config->addr) || is_net_address(config))
		return "not an address that a host can have";
	if (!gw)
		return NULL;
	*word = gw;
	if (!is_host_address(config->gateway))
		return "not a gateway's address A.B.C.D";
	if ((config->gateway ^ config->addr) & config->netmask)
		return "a gateway outside of the machine's own network";
	return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

/* Linux's words for how to get an address; false: text is none of them. */
static bool parse_method(const char *text, struct ipconfig *config)
{
	static const char *const dynamic[] = { "dhcp", "on", "any", "both",
					       NULL };
	static const char *const none[] = { "off", "none", NULL };

	config->dhcp = is_one_of(text, dynamic);
	config->off = is_one_of(text, none);
	return config->dhcp || config->off;
}

/* ---- Linux's form -------------------------------------------------------- */

enum {
	FIELD_CLIENT,
	FIELD_SERVER,
	FIELD_GATEWAY,
	FIELD_NETMASK,
	FIELD_HOSTNAME,
	FIELD_DEVICE,
	FIELD_AUTOCONF,
	FIELD_DNS,
	NR_FIELDS,
};
#define FIELD_SIZE 16 /* a dotted quad and its end */

/* Splits text at colons; truncates fields that are too long for an address. */
static void split(const char *text, char fields[][FIELD_SIZE])
{
	for (unsigned int i = 0; i < NR_FIELDS; i++) {
		size_t len = strcspn(text, ":");
		size_t n = len < FIELD_SIZE ? len : FIELD_SIZE - 1;

		memcpy(fields[i], text, n);
		fields[i][n] = '\0';
		text += len + (text[len] == ':');
	}
}

/* The mask of the address's class: Linux's default. */
static uint32_t class_mask(uint32_t addr)
{
	uint8_t first = addr & 0xff;

	return prefix_mask(first < 128 ? 8 : first < 192 ? 16 : 24);
}

/* Ones, then zeros. */
static bool is_netmask(uint32_t mask)
{
	return mask && mask == prefix_mask(prefix_length(mask));
}

/* The address in a field, 0 if it is empty; false: malformed. */
static bool field_address(const char *field, uint32_t *addr)
{
	*addr = 0;
	return !*field || parse_ipv4(field, addr);
}

static const char *parse_fields(struct ipconfig *config, const char *ip,
				const char **word)
{
	char fields[NR_FIELDS][FIELD_SIZE];
	const char *autoconf = fields[FIELD_AUTOCONF];

	*word = ip;
	split(ip, fields);
	if (*fields[FIELD_DEVICE] && strcmp(fields[FIELD_DEVICE], "eth0"))
		return "for a device that is not eth0";
	if (*autoconf && !parse_method(autoconf, config))
		return "neither off nor dhcp is how it is configured";
	if (!field_address(fields[FIELD_CLIENT], &config->addr) ||
	    !field_address(fields[FIELD_GATEWAY], &config->gateway) ||
	    !field_address(fields[FIELD_NETMASK], &config->netmask) ||
	    !field_address(fields[FIELD_DNS], &config->dns))
		return "an address in it is not A.B.C.D";
	/* With an address the protocol is ignored; without one, use DHCP. */
	config->dhcp = !config->addr && !config->off;
	if (!config->addr)
		return NULL;
	config->off = false;
	if (!config->netmask)
		config->netmask = class_mask(config->addr);
	if (!is_netmask(config->netmask))
		return "its netmask is none";
	return check_static(config, config->gateway ? ip : NULL, word);
}

/* ---- Pollux's form ------------------------------------------------------- */

static const char *parse_static(struct ipconfig *config, const char *ip,
				const char *gw, const char **word)
{
	*word = ip;
	if (!parse_prefixed(ip, config))
		return "neither dhcp nor an address A.B.C.D/N";
	if (!gw || parse_ipv4(gw, &config->gateway))
		return check_static(config, gw, word);
	*word = gw;
	return "not a gateway's address A.B.C.D";
}

const char *ipconfig_parse(struct ipconfig *config, const char *ip,
			   const char *gw, const char *dns, const char **word)
{
	bool fields = ip && strchr(ip, ':');
	const char *wrong = NULL;

	memset(config, 0, sizeof(*config));
	if (fields)
		wrong = parse_fields(config, ip, word);
	else if (!ip)
		config->dhcp = true;
	else
		parse_method(ip, config);
	if (wrong)
		return wrong;
	if (gw && (fields || config->dhcp || config->off)) {
		*word = gw;
		return "a gateway, but the address comes from elsewhere";
	}
	if (dns &&
	    (!parse_ipv4(dns, &config->dns) || !is_host_address(config->dns))) {
		*word = dns;
		return "not a name server's address A.B.C.D";
	}
	if (fields || config->dhcp || config->off)
		return NULL;
	return parse_static(config, ip, gw, word);
}

char *format_ipv4(char *buf, uint32_t addr)
{
	const uint8_t *b = (const uint8_t *)&addr;

	snprintf(buf, 16, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	return buf;
}
