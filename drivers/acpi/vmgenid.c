/* SPDX-License-Identifier: MIT */
/*
 * The generation id, as Microsoft's "Virtual Machine Generation ID" describes
 * it: a device with the compatible id VM_Gen_Counter, whose object ADDR is a
 * package of the low and the high half of a physical address. In QEMU's AML
 * ADDR is a method, which is not executed here: it adds 0x28 to the integer
 * VGIA of the same table (docs/specs, "VMGENID").
 *
 * The id is compared at each request for random bytes; the notification, QEMU's
 * general purpose event 5 or an event device, causes a check at once.
 */
#include "drivers/acpi/vmgenid.h"

#include <errno.h>

#include "drivers/acpi/acpi_ged.h"
#include "drivers/acpi/acpi_pm.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/x86/acpi.h"

#define GENERATION_ID "VM_Gen_Counter"
#define GENERATION_SIZE 16
#define GENERATION_ALIGN 8

#define QEMU_NAME "VGIA"
#define QEMU_OFFSET 0x28
#define QEMU_EVENT 5

static bool integer_at(struct aml package, unsigned int i, uint64_t *value)
{
	struct aml element;

	return aml_element(package, i, &element) && aml_integer(element, value);
}

static void look_at(struct aml device, void *ctx)
{
	uint64_t *address = ctx, low, high;
	struct aml object;

	if (aml_find_name(device, "ADDR", &object)) {
		if (integer_at(object, 0, &low) && integer_at(object, 1, &high))
			*address = low | high << 32;
	} else if (acpi_find_name(QEMU_NAME, &object) &&
		   aml_integer(object, &low) && low) {
		*address = low + QEMU_OFFSET;
	}
}

static void notified(void)
{
	(void)random_epoch();
}

void vmgenid_init(void)
{
	const volatile uint64_t *id;
	uint64_t address = 0;
	int err;

	acpi_for_each_device(GENERATION_ID, look_at, &address);
	if (!address)
		return;
	id = IS_ALIGNED(address, GENERATION_ALIGN) ?
		     ioremap(address, GENERATION_SIZE) :
		     NULL;
	if (!id) {
		pr_warn("vmgenid: no memory at %#llx",
			(unsigned long long)address);
		return;
	}
	random_watch_generation(id);
	err = acpi_pm_event_start(QEMU_EVENT, notified);
	if (err)
		err = acpi_ged_event_start(notified);
	pr_info("vmgenid: at %#llx, %s", (unsigned long long)address,
		err ? "without a notification" : "with a notification");
}
