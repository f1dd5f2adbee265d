#include "service/schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace canvasback {
namespace {

using namespace std::chrono_literals;

struct Sleeper {
  asio::io_context loop;
  std::optional<Schedule> schedule{loop.get_executor()};
  std::optional<bool> woken;

  void sleep(std::chrono::milliseconds duration) {
    asio::co_spawn(
        loop,
        [this, duration]() -> asio::awaitable<void> {
          const bool goes_on = co_await schedule->sleep(duration);
          woken = goes_on;
        },
        asio::detached);
    loop.poll();
  }
};

TEST(Schedule, ASleepEndsInTime) {
  Sleeper test;
  test.sleep(1ms);
  EXPECT_FALSE(test.woken);
  test.loop.run();
  EXPECT_EQ(test.woken, true);
}

TEST(Schedule, StoppedItWakesWhoSleepsAndLetsNobodySleep) {
  Sleeper test;
  test.sleep(1h);
  test.schedule->stop();
  test.loop.restart();
  test.loop.run();
  EXPECT_EQ(test.woken, false);
  test.woken.reset();
  test.loop.restart();
  test.sleep(1h);
  EXPECT_EQ(test.woken, false);
}

TEST(Schedule, WhoSleepsMayOutliveIt) {
  Sleeper test;
  test.sleep(1h);
  test.schedule.reset();
  test.loop.restart();
  test.loop.run();
  EXPECT_EQ(test.woken, false);
}

TEST(Schedule, WorkComesAgainUntilItIsStopped) {
  asio::io_context loop;
  Schedule schedule(loop.get_executor());
  int times = 0;
  schedule.every(1ms, [&]() -> asio::awaitable<void> {
    if (++times == 3) schedule.stop();
    co_return;
  });
  loop.run();
  EXPECT_EQ(times, 3);
}

}  // namespace
}  // namespace canvasback
