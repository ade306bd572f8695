/* SPDX-License-Identifier: MIT */
/* unit: net/link/ipconfig.c net/link/frame.c */
/*
 * Addresses of the command line, and which frames get in.
 */
#include <arpa/inet.h>
#include <string.h>

#include "lib/tap.h"
#include "net/link/frame.h"
#include "net/link/ipconfig.h"

static void good(const char *ip, const char *gw, const char *addr,
		 unsigned int prefix)
{
	struct ipconfig c;
	const char *word = NULL;
	char text[16];

	ok(!ipconfig_parse(&c, ip, gw, NULL, &word), "ip=%s gw=%s", ip, gw);
	is_str(format_ipv4(text, c.addr), addr, "ip=%s: the address", ip);
	is(prefix_length(c.netmask), prefix, "ip=%s: the prefix", ip);
	if (gw)
		is(c.gateway, inet_addr(gw), "gw=%s", gw);
}

static void bad(const char *ip, const char *gw, const char *dns,
		const char *which)
{
	struct ipconfig c;
	const char *word = NULL;
	const char *wrong = ipconfig_parse(&c, ip, gw, dns, &word);

	ok(wrong, "ip=%s gw=%s dns=%s is refused", ip, gw, dns);
	is_str(word, which, "and the word is named");
}

static void test_ipconfig(void)
{
	struct ipconfig c;
	const char *word;

	ok(!ipconfig_parse(&c, NULL, NULL, NULL, &word) && c.dhcp,
	   "no ip= is DHCP");
	ok(!ipconfig_parse(&c, "dhcp", NULL, "10.0.2.3", &word) && c.dhcp &&
		   c.dns == inet_addr("10.0.2.3"),
	   "ip=dhcp with a name server");
	good("10.99.0.2/16", "10.99.0.1", "10.99.0.2", 16);
	good("192.168.1.255/16", NULL, "192.168.1.255", 16);
	good("10.0.0.4/31", "10.0.0.5", "10.0.0.4", 31);
	good("10.0.0.4/32", NULL, "10.0.0.4", 32);
	bad("", NULL, NULL, "");
	bad("10.99.0.2", NULL, NULL, "10.99.0.2");
	bad("10.99.0.2/", NULL, NULL, "10.99.0.2/");
	bad("10.99.0.2/33", NULL, NULL, "10.99.0.2/33");
	bad("10.99.0.2/0", NULL, NULL, "10.99.0.2/0");
	bad("10.99.0.2/16x", NULL, NULL, "10.99.0.2/16x");
	bad("10.99.0/16", NULL, NULL, "10.99.0/16");
	bad("10.99.0.256/16", NULL, NULL, "10.99.0.256/16");
	bad("10.99.0.0256/16", NULL, NULL, "10.99.0.0256/16");
	bad("10.99.0.02/16", NULL, NULL, "10.99.0.02/16");
	bad("10.99.-1.2/16", NULL, NULL, "10.99.-1.2/16");
	bad("banana", NULL, NULL, "banana");
	bad("0.0.0.0/8", NULL, NULL, "0.0.0.0/8");
	bad("127.0.0.1/8", NULL, NULL, "127.0.0.1/8");
	bad("224.0.0.1/24", NULL, NULL, "224.0.0.1/24");
	bad("10.99.0.0/16", NULL, NULL, "10.99.0.0/16");
	bad("10.99.255.255/16", NULL, NULL, "10.99.255.255/16");
	bad("10.99.0.2/16", "10.98.0.1", NULL, "10.98.0.1");
	bad("10.99.0.2/16", "gateway", NULL, "gateway");
	bad("10.99.0.2/16", "10.99.0.1", "dns", "dns");
	bad("dhcp", "10.99.0.1", NULL, "10.99.0.1");
}

/* ip= in Linux's form. */
static void linux_form(const char *ip, const char *addr, unsigned int prefix,
		       const char *gateway, const char *dns)
{
	struct ipconfig c;
	const char *word = NULL;
	char text[16];

	is_str(ipconfig_parse(&c, ip, NULL, NULL, &word), NULL, "ip=%s", ip);
	ok(!c.dhcp && !c.off, "ip=%s: is static", ip);
	is_str(format_ipv4(text, c.addr), addr, "ip=%s: the address", ip);
	is(prefix_length(c.netmask), prefix, "ip=%s: the netmask", ip);
	is_str(format_ipv4(text, c.gateway), gateway, "ip=%s: the gateway", ip);
	is_str(format_ipv4(text, c.dns), dns, "ip=%s: the name server", ip);
}

static void asks(const char *ip, bool dhcp)
{
	struct ipconfig c;
	const char *word = NULL;

	is_str(ipconfig_parse(&c, ip, NULL, NULL, &word), NULL, "ip=%s", ip);
	ok(c.dhcp == dhcp && c.off == !dhcp && !c.addr, "ip=%s: %s", ip,
	   dhcp ? "asks for an address" : "is without one");
}

static void test_linux_form(void)
{
	struct ipconfig c;
	const char *word = NULL;

	linux_form("172.16.0.2::172.16.0.1:255.255.255.252::eth0:off",
		   "172.16.0.2", 30, "172.16.0.1", "0.0.0.0");
	linux_form("10.0.0.2::10.0.0.1:255.0.0.0:a-host-with-a-long-name:eth0:"
		   "none:10.0.0.3:10.0.0.4:10.0.0.5",
		   "10.0.0.2", 8, "10.0.0.1", "10.0.0.3");
	linux_form("10.0.0.2::::::", "10.0.0.2", 8, "0.0.0.0", "0.0.0.0");
	linux_form("172.16.0.2:", "172.16.0.2", 16, "0.0.0.0", "0.0.0.0");
	linux_form("192.168.1.2:1.2.3.4:192.168.1.1", "192.168.1.2", 24,
		   "192.168.1.1", "0.0.0.0");
	linux_form("10.0.0.2:::255.255.255.0:::dhcp", "10.0.0.2", 24, "0.0.0.0",
		   "0.0.0.0");
	asks(":::::eth0:dhcp", true);
	asks("::::::", true);
	asks("::::::any", true);
	asks("::::::off", false);
	asks("on", true);
	asks("any", true);
	asks("both", true);
	asks("off", false);
	asks("none", false);
	bad("10.0.0.2::10.0.0.1:255.0.255.0::eth0:off", NULL, NULL,
	    "10.0.0.2::10.0.0.1:255.0.255.0::eth0:off");
	bad("10.0.0.2::10.0.0.1:8::eth0:off", NULL, NULL,
	    "10.0.0.2::10.0.0.1:8::eth0:off");
	bad("10.0.0.2::11.0.0.1:255.0.0.0::eth0:off", NULL, NULL,
	    "10.0.0.2::11.0.0.1:255.0.0.0::eth0:off");
	bad("10.0.0.2::10.0.0.1:255.0.0.0::eth1:off", NULL, NULL,
	    "10.0.0.2::10.0.0.1:255.0.0.0::eth1:off");
	bad("10.0.0.2::10.0.0.1:255.0.0.0::eth0:maybe", NULL, NULL,
	    "10.0.0.2::10.0.0.1:255.0.0.0::eth0:maybe");
	bad("10.0.0.255::10.0.0.1:255.255.255.0::eth0:off", NULL, NULL,
	    "10.0.0.255::10.0.0.1:255.255.255.0::eth0:off");
	bad("100.100.100.2000::10.0.0.1:255.255.255.0::eth0:off", NULL, NULL,
	    "100.100.100.2000::10.0.0.1:255.255.255.0::eth0:off");
	bad("10.0.0.2::", "10.0.0.1", NULL, "10.0.0.1");
	bad("off", "10.0.0.1", NULL, "10.0.0.1");
	ok(!ipconfig_parse(&c, "10.0.0.2:::::::10.0.0.9", NULL, "10.0.0.8",
			   &word) &&
		   c.dns == inet_addr("10.0.0.8"),
	   "dns= goes before the name server in ip=");
}

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

static void frame(const char *name, const char *dest, uint16_t type,
		  uint32_t len, enum frame_verdict want)
{
	static uint8_t data[2048];

	memset(data, 0, sizeof(data));
	memcpy(data, dest, 6);
	data[12] = type >> 8;
	data[13] = type;
	is(frame_check(data, len, mac, 1500), want, "frame: %s", name);
}

static void test_frames(void)
{
	const char *us = "\2\0\0\0\0\1";
	const char *other = "\2\0\0\0\0\2";
	const char *all = "\377\377\377\377\377\377";
	const char *group = "\1\0\136\0\0\1";

	frame("nothing", us, 0, 0, FRAME_RUNT);
	frame("half a header", us, 0x0800, 13, FRAME_RUNT);
	frame("a header only", us, 0x0800, 14, FRAME_RUNT);
	frame("a byte less than an IPv4 header", us, 0x0800, 33, FRAME_RUNT);
	frame("an IPv4 header", us, 0x0800, 34, FRAME_OK);
	frame("a byte less than an ARP packet", all, 0x0806, 41, FRAME_RUNT);
	frame("an ARP packet", all, 0x0806, 42, FRAME_OK);
	frame("the longest", us, 0x0800, 1514, FRAME_OK);
	frame("longer", us, 0x0800, 1515, FRAME_OVERSIZE);
	frame("for somebody else", other, 0x0800, 60, FRAME_FOREIGN);
	frame("broadcast", all, 0x0800, 60, FRAME_OK);
	frame("multicast", group, 0x0800, 60, FRAME_OK);
	frame("IPv6", us, 0x86dd, 60, FRAME_UNKNOWN);
	frame("a length instead of a type", us, 0x0026, 60, FRAME_UNKNOWN);
}

int main(void)
{
	test_ipconfig();
	test_linux_form();
	test_frames();
	return done_testing();
}
