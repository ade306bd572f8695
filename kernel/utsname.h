/* SPDX-License-Identifier: MIT */
/*
 * What uname(2), /proc and /etc/hosts say of the machine.
 */
#ifndef KERNEL_UTSNAME_H
#define KERNEL_UTSNAME_H

#define UTS_NODENAME "pollux"
#define UTS_DOMAINNAME "(none)"

#endif
