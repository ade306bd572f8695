/* SPDX-License-Identifier: MIT */
/*
 * The order in which the driver and the device see each other's writes to a
 * ring. The device runs on another CPU, so these order the CPU as well as
 * the compiler; on x86 only virtio_mb() costs an instruction, since loads
 * are not passed by loads nor stores by stores (SDM vol 3 8.2.2).
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_BARRIER_H
#define DRIVERS_VIRTIO_VIRTIO_BARRIER_H

/* Everything before is seen before anything after. */
#define virtio_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
/* Reads before come before reads after. */
#define virtio_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
/* Writes before come before writes after. */
#define virtio_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

#endif
