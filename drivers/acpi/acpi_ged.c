/* SPDX-License-Identifier: MIT */
/*
 * QEMU's generic event device, which a microvm has. A method decodes its
 * events; it is not executed here, but done as in QEMU's docs/specs, "ACPI
 * generic event device". The region EREG is one word, the events since it was
 * last read; the interrupt is an edge. Firecracker's device has no such region:
 * its interrupt is its only event. Set up at boot, entered by that interrupt.
 */
#include "drivers/acpi/acpi_ged.h"

#include <errno.h>

#include "kernel/x86/acpi.h"
#include "kernel/x86/fadt.h"
#include "kernel/x86/ioapic.h"
#include "kernel/x86/irq.h"

#define GED_HID "ACPI0013"
#define GED_REGION "EREG"
#define GED_EVENTS_SIZE 4
#define GED_POWER_DOWN BIT(1)

static struct {
	struct acpi_reg events;
	struct irq_line line;
	void (*pressed)(void);
} ged;

static struct {
	void (*event)(void);
	int err;
} plain;

static bool find_line(struct aml device, struct irq_line *line)
{
	struct aml_resources it = aml_resources(device);
	struct aml_resource resource;

	while (aml_next_resource(&it, &resource)) {
		if (resource.type != AML_RESOURCE_IRQ ||
		    resource.base > UINT32_MAX)
			continue;
		*line = (struct irq_line){ (uint32_t)resource.base,
					   resource.active_low,
					   resource.level };
		return true;
	}
	return false;
}

/* Event devices of other hypervisors have other regions, or none. */
static void look_at(struct aml device, void *ctx)
{
	struct aml_region region;
	struct acpi_gas gas;

	if (ged.events.size || !aml_find_region(device, GED_REGION, &region) ||
	    region.length != GED_EVENTS_SIZE || !find_line(device, &ged.line))
		return;
	gas = (struct acpi_gas){ .space = region.space,
				 .address = region.offset };
	acpi_reg_map(&ged.events, &gas, 0, GED_EVENTS_SIZE);
}

/* The read clears the events. */
static bool event_interrupt(void *arg)
{
	uint32_t events = acpi_reg_read(&ged.events);

	if (events & GED_POWER_DOWN)
		ged.pressed();
	return events;
}

int acpi_ged_button_start(void (*pressed)(void))
{
	acpi_for_each_device(GED_HID, look_at, NULL);
	if (!ged.events.size)
		return -ENODEV;
	ged.pressed = pressed;
	(void)acpi_reg_read(&ged.events); /* presses from before */
	return irq_request_line(ged.line.gsi, ged.line.active_low,
				ged.line.level, "acpi", event_interrupt, NULL);
}

static bool plain_interrupt(void *arg)
{
	void (**event)(void) = arg;

	(*event)();
	return true;
}

static void look_for_plain(struct aml device, void *ctx)
{
	struct irq_line line;
	struct aml_region region;

	if (aml_find_region(device, GED_REGION, &region) ||
	    !find_line(device, &line))
		return;
	plain.err = irq_request_line(line.gsi, line.active_low, line.level,
				     "acpi", plain_interrupt, &plain.event);
}

int acpi_ged_event_start(void (*event)(void))
{
	plain.event = event;
	plain.err = -ENODEV;
	acpi_for_each_device(GED_HID, look_for_plain, NULL);
	return plain.err;
}
