// SPDX-License-Identifier: GPL-2.0
/*
 * The other tests leave nothing behind: no program, no map, no link, no static key. This
 * is run after them, on a machine where nobody else uses bpf(2): the reference that a
 * refused command has kept can be that of any object.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "static_key.h"

TEST(no_link)
{
	EXPECT_TRUE(WITHIN(20, !last_id(BPF_LINK_GET_NEXT_ID)))
		TH_LOG("left: %s", output_of("bpftool link show"));
}

TEST(no_program)
{
	EXPECT_TRUE(WITHIN(20, !last_id(BPF_PROG_GET_NEXT_ID)))
		TH_LOG("left: %s", output_of("bpftool prog show"));
}

/* Those of a program that has lost its id, but is not freed, are still there */
TEST(no_map)
{
	EXPECT_TRUE(WITHIN(20, !last_id(BPF_MAP_GET_NEXT_ID)))
		TH_LOG("left: %s", output_of("bpftool map show"));
}

TEST(no_static_key)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (static_key(i) < 0 && !keys_have_names())
			SKIP(return, NO_KEY_NAMES);
		EXPECT_TRUE(WITHIN(10, !static_key(i)))
			TH_LOG("%s is %d", key_names[i], static_key(i));
	}
}

TEST_HARNESS_MAIN
