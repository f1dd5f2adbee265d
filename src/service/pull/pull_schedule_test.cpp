#include "service/pull/pull_schedule.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

TEST(PullTurnTest, FollowsTheIntervalAndTriesFailuresSooner) {
  PullSettings settings;
  settings.every_s = 300;
  PullTurn turn;
  turn.ended(settings, false, 1000 * kSecondUs);
  EXPECT_EQ(turn.due_us, 1300 * kSecondUs);
  std::int64_t now = 2000 * kSecondUs;
  for (const std::int64_t wait : {10, 20, 40, 80, 160, 300, 300}) {
    turn.ended(settings, true, now);
    EXPECT_EQ((turn.due_us - now) / kSecondUs, wait) << turn.failures;
    now = turn.due_us;
  }
  EXPECT_EQ(turn.failures, 7);
  turn.ended(settings, false, now);
  EXPECT_EQ(turn.failures, 0);
  EXPECT_EQ(turn.due_us, now + 300 * kSecondUs);
}

TEST(PullTurnTest, FollowsCron) {
  PullSettings settings;
  settings.cron = CronExpression::parse("0 3 * * *").value();
  PullTurn turn;
  turn.ended(settings, false, 0);
  EXPECT_EQ(turn.due_us, 3 * 3600 * kSecondUs);
  for (int i = 0; i < 20; ++i) turn.ended(settings, true, 0);
  EXPECT_EQ(turn.due_us, 1800 * kSecondUs);  // a failure never waits longer
}

}  // namespace
}  // namespace canvasback
