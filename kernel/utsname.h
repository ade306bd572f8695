/* SPDX-License-Identifier: MIT */
/*
 * The machine's names in uname(2), /proc and /etc/hosts.
 */
#ifndef KERNEL_UTSNAME_H
#define KERNEL_UTSNAME_H

#define UTS_NODENAME "pollux"
#define UTS_DOMAINNAME "(none)"

#endif
