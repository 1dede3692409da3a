// SPDX-License-Identifier: GPL-2.0
/*
 * The other tests leave nothing behind: no program, no link, no static key. This is run
 * after them, on a machine where nobody else uses tc.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "static_key.h"

TEST(no_link)
{
	EXPECT_TRUE(WITHIN(20, !newer_links(0))) TH_LOG("%d links", newer_links(0));
}

TEST(no_program)
{
	EXPECT_TRUE(WITHIN(20, !newer_progs(0))) TH_LOG("%d programs", newer_progs(0));
}

TEST(no_static_key)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (static_key(i) < 0)
			SKIP(return, "the static keys cannot be read");
		EXPECT_TRUE(WITHIN(10, !static_key(i)))
			TH_LOG("%s is %d", key_names[i], static_key(i));
	}
}

TEST_HARNESS_MAIN
