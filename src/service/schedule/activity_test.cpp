#include "service/schedule/activity.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace canvasback {
namespace {

using namespace std::chrono_literals;

struct Waiting {
  asio::io_context loop;
  Activity activity{loop.get_executor()};
  bool ended = false;

  void wait_for(std::chrono::milliseconds longest) {
    const auto end = std::chrono::steady_clock::now() + longest;
    asio::co_spawn(
        loop,
        [this, end]() -> asio::awaitable<void> {
          co_await activity.idle_by(end);
          ended = true;
        },
        asio::detached);
    loop.poll();
  }
};

TEST(Activity, NothingUnderWayIsNotWaitedFor) {
  Waiting test;
  test.wait_for(1h);
  EXPECT_TRUE(test.ended);
}

TEST(Activity, TheLastToEndWakesWhoWaits) {
  Waiting test;
  std::optional<Activity::Held> one(test.activity.begin());
  std::optional<Activity::Held> other(test.activity.begin());
  EXPECT_EQ(test.activity.count(), 2U);
  test.wait_for(1h);
  one.reset();
  test.loop.poll();
  EXPECT_FALSE(test.ended);
  other.reset();
  test.loop.poll();
  EXPECT_TRUE(test.ended);
}

TEST(Activity, AWaitEndsInTime) {
  Waiting test;
  const Activity::Held held = test.activity.begin();
  test.wait_for(1ms);
  test.loop.run();
  EXPECT_TRUE(test.ended);
  EXPECT_EQ(test.activity.count(), 1U);
}

TEST(Activity, WhatIsUnderWayMayOutliveIt) {
  asio::io_context loop;
  auto activity = std::make_optional<Activity>(loop.get_executor());
  Activity::Held held = activity->begin();
  activity.reset();
  const Activity::Held moved = std::move(held);
}

}  // namespace
}  // namespace canvasback
