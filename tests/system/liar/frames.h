/* SPDX-License-Identifier: MIT */
/*
 * Frames of a host of the liar's own, 10.99.7.7, which asks the guest's port 7
 * (UDP, an echo) and knows what has to come back.
 */
#ifndef LIAR_FRAMES_H
#define LIAR_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The guest's MAC address, as text. */
void frames_init(const char *guest_mac);
/* Datagram number n; the frame's length. */
size_t frame_datagram(uint8_t *f, uint32_t n);
/* One that has an answer but is no datagram: ICMP, ARP, TCP; by random. */
size_t frame_other(uint8_t *f, uint32_t random);
/* It is for this host. */
bool frame_is_ours(const uint8_t *f, size_t len);
/* It is the echo of one of ours: 1, a wrong one: -1, something else: 0. */
int frame_is_echo(const uint8_t *f, size_t len);

#endif
