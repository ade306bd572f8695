/* SPDX-License-Identifier: MIT */
/*
 * The Fixed ACPI Description Table (ACPI 6.5, 5.2.9) and the registers that
 * it names.
 */
#ifndef KERNEL_X86_FADT_H
#define KERNEL_X86_FADT_H

#include "kernel/x86/acpi.h"

/* 5.2.3.2: the generic address structure. */
struct acpi_gas {
	uint8_t space; /* ACPI_SPACE_* */
	uint8_t width, offset; /* bits */
	uint8_t access;
	uint64_t address;
} __attribute__((packed));

#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1

struct fadt {
	struct acpi_header header;
	uint32_t facs, dsdt;
	uint8_t model, profile;
	uint16_t sci_line;
	uint32_t smi_command; /* a port; 0: always in ACPI mode */
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	uint32_t pm2_control, pm_timer, gpe0, gpe1;
	uint8_t pm1_event_len, pm1_control_len, pm2_control_len, pm_timer_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, c_states;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t reserved;
	uint32_t flags; /* FADT_F_* */
	struct acpi_gas reset;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct acpi_gas x_pm1a_event, x_pm1b_event;
	struct acpi_gas x_pm1a_control, x_pm1b_control;
	struct acpi_gas x_pm2_control, x_pm_timer, x_gpe0, x_gpe1;
	struct acpi_gas sleep_control, sleep_status;
	uint64_t hypervisor;
} __attribute__((packed));

_Static_assert(offsetof(struct fadt, sci_line) == 46, "5.2.9");
_Static_assert(offsetof(struct fadt, pm1_event_len) == 88, "5.2.9");
_Static_assert(offsetof(struct fadt, flags) == 112, "5.2.9");
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "5.2.9");
_Static_assert(offsetof(struct fadt, sleep_control) == 244, "5.2.9");
_Static_assert(sizeof(struct fadt) == 276, "5.2.9");

/* Bits of flags. */
#define FADT_F_PWR_BUTTON 4 /* no power button in fixed hardware */
#define FADT_F_RESET_REG_SUP 10
#define FADT_F_HW_REDUCED 20

/* The FADT's fields, 0 where its version has none. False: no FADT. */
bool fadt_read(struct fadt *fadt);

/* A register, mapped; size 0: there is none. */
struct acpi_reg {
	uint8_t size; /* bytes: 1, 2 or 4 */
	uint16_t port;
	volatile void *memory; /* NULL: it is a port */
};

/*
 * Maps the register of size bytes at gas's address plus offset; none if the
 * address is 0, or in a space that is neither memory nor I/O.
 */
void acpi_reg_map(struct acpi_reg *reg, const struct acpi_gas *gas,
		  unsigned int offset, uint8_t size);
/* Without a register nothing is written and 0 is read. Any context. */
uint32_t acpi_reg_read(const struct acpi_reg *reg);
void acpi_reg_write(const struct acpi_reg *reg, uint32_t value);

#endif
