/* SPDX-License-Identifier: MIT */
/*
 * eventpoll: sets that watch sets. A wake-up climbs from a file through every
 * set above it, and polling a set polls all below it; both must end, at a
 * bounded cost. So two things are refused when an item is added:
 *
 *	outer	  a circle, or more than EP_MAX_NESTS links in a row: ELOOP
 *	  |
 *	inner	  too many paths up from one file: EINVAL. Paths of one link
 *	  |	  are free (any number of sets may watch a socket), longer
 *	 file	  ones are counted by their length.
 *
 * Walks mark visited sets with a generation number, so that a set that is
 * reached twice is walked once. Thread context, no sleep.
 */
#include <errno.h>

#include "kernel/event/eventpoll_impl.h"

/* The most paths from one file, by the number of sets on the path. */
static const unsigned int path_limits[EP_MAX_NESTS + 1] = { 1000, 500, 100, 50,
							    10 };
static unsigned int path_count[EP_MAX_NESTS + 1];

static uint64_t walk_gen;

/* ---- Circles and depth --------------------------------------------------- */

/* Links down from ep; EP_MAX_NESTS + 1: more than allowed, or a circle. */
static int ep_depth_below(struct eventpoll *ep, const struct eventpoll *top,
			  int depth)
{
	struct rb_node *node;
	int below = 0;

	if (ep->gen == walk_gen)
		return ep->loop_check_depth;
	ep->gen = walk_gen;
	ep->loop_check_depth = 0;
	if (!ep->nr_nested)
		return 0;
	for (node = rb_first(&ep->rbr); node; node = rb_next(node)) {
		struct epitem *epi = rb_entry(node, struct epitem, rbn);
		struct eventpoll *inner;
		int n = EP_MAX_NESTS + 1;

		if (!is_file_epoll(epi->ffd.file))
			continue;
		inner = ep_of_file(epi->ffd.file);
		if (inner != top && depth < EP_MAX_NESTS)
			n = ep_depth_below(inner, top, depth + 1) + 1;
		below = MAX(below, n);
		if (below > EP_MAX_NESTS)
			break;
	}
	ep->loop_check_depth = below;
	return below;
}

/* Links up from ep. A circle there would have been refused before. */
static int ep_depth_above(struct eventpoll *ep)
{
	struct epitem *epi;
	int above = 0;

	if (ep->gen == walk_gen)
		return ep->loop_check_depth;
	list_for_each_entry(epi, &ep->file->f_ep, fllink)
		above = MAX(above, ep_depth_above(epi->ep) + 1);
	ep->gen = walk_gen;
	ep->loop_check_depth = above;
	return above;
}

int ep_loop_check(struct eventpoll *ep, struct eventpoll *to)
{
	int below, above;

	walk_gen++;
	below = ep_depth_below(to, ep, 0);
	if (below > EP_MAX_NESTS)
		return -ELOOP;
	walk_gen++;
	above = ep_depth_above(ep);
	return below + 1 + above > EP_MAX_NESTS ? -ELOOP : 0;
}

/* ---- Paths up from a file ------------------------------------------------ */

static bool count_paths_up(const struct file *file, int depth)
{
	struct epitem *epi;

	if (depth > EP_MAX_NESTS)
		return false;
	list_for_each_entry(epi, &file->f_ep, fllink) {
		const struct file *above = epi->ep->file;

		if (!list_empty(&above->f_ep)) {
			if (!count_paths_up(above, depth + 1))
				return false;
		} else if (depth && ++path_count[depth] > path_limits[depth]) {
			return false;
		}
	}
	return true;
}

/* A file with several items is checked once: its first item is marked. */
static bool is_file_path_ok(const struct file *file)
{
	struct epitem *first = list_first_entry(&file->f_ep, struct epitem,
						fllink);

	if (first->path_gen == walk_gen)
		return true;
	first->path_gen = walk_gen;
	for (unsigned int i = 0; i < ARRAY_SIZE(path_count); i++)
		path_count[i] = 0;
	return count_paths_up(file, 0);
}

/*
 * Checks all files below the set. Files that only this set watches have the
 * same paths, so one is checked for all of them; if there are no others, the
 * walk ends there.
 */
static bool are_paths_ok_below(struct eventpoll *ep)
{
	bool is_alone_ok = false;
	struct rb_node *node;

	if (ep->gen == walk_gen)
		return true;
	ep->gen = walk_gen;
	for (node = rb_first(&ep->rbr); node; node = rb_next(node)) {
		struct epitem *epi = rb_entry(node, struct epitem, rbn);
		struct file *file = epi->ffd.file;

		if (is_alone_ok && !ep->nr_nested && !ep->nr_shared)
			return true;
		if (is_file_epoll(file)) {
			if (!are_paths_ok_below(ep_of_file(file)))
				return false;
		} else if (epi->is_shared || !is_alone_ok) {
			if (!is_file_path_ok(file))
				return false;
			is_alone_ok |= !epi->is_shared;
		}
	}
	return true;
}

int ep_reverse_path_check(struct epitem *epi)
{
	struct file *file = epi->ffd.file;
	bool is_ok;

	walk_gen++;
	if (is_file_epoll(file))
		is_ok = are_paths_ok_below(ep_of_file(file));
	else
		is_ok = is_file_path_ok(file);
	return is_ok ? 0 : -EINVAL;
}
