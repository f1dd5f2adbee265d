#include "service/collection/merge_turns.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace canvasback {
namespace {

CollectionFile file_of(const std::string& path) {
  CollectionFile out;
  out.file.path = path;
  return out;
}

class MergeTurnsTest : public testing::Test {
 protected:
  void wait_until_idle() {
    asio::co_spawn(
        loop,
        [this]() -> asio::awaitable<void> {
          co_await turns.idle();
          ++idle;
        },
        asio::detached);
    loop.restart();  // it stops where nobody waits
    loop.poll();
  }

  asio::io_context loop;
  MergeTurns turns{loop.get_executor()};
  int idle = 0;
};

TEST_F(MergeTurnsTest, OneOfEachSize) {
  EXPECT_TRUE(turns.may_begin(MergeSize::Small, 1));
  turns.begin(MergeSize::Small);
  EXPECT_FALSE(turns.may_begin(MergeSize::Small, 1));
  EXPECT_TRUE(turns.may_begin(MergeSize::Large, 1));
  turns.end(MergeSize::Small);
  EXPECT_TRUE(turns.may_begin(MergeSize::Small, 1));
}

TEST_F(MergeTurnsTest, WhoWaitsForBothKeepsOthersFromBeginning) {
  turns.begin(MergeSize::Small);
  turns.begin(MergeSize::Large);
  wait_until_idle();
  EXPECT_TRUE(turns.is_wanted());
  turns.end(MergeSize::Small);
  loop.poll();
  EXPECT_EQ(idle, 0);
  EXPECT_FALSE(turns.may_begin(MergeSize::Small, 1));
  turns.end(MergeSize::Large);
  loop.poll();
  EXPECT_EQ(idle, 1);
  EXPECT_TRUE(turns.may_begin(MergeSize::Small, 1));
  wait_until_idle();
  EXPECT_EQ(idle, 2);
}

TEST_F(MergeTurnsTest, AFailureIsWaitedOut) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  turns.failed(5 * kSecondNs);
  EXPECT_FALSE(turns.may_begin(MergeSize::Small, 6 * kSecondNs - 1));
  EXPECT_TRUE(turns.may_begin(MergeSize::Small, 6 * kSecondNs));
}

TEST_F(MergeTurnsTest, FilesAreOneMergesUntilTheyAreReleased) {
  turns.claim({"a", "b"});
  EXPECT_TRUE(turns.any_claimed({file_of("x"), file_of("b")}));
  EXPECT_FALSE(turns.any_claimed({file_of("x")}));
  bool changed = false;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        while (turns.any_claimed({file_of("b")})) co_await turns.change();
        changed = true;
      },
      asio::detached);
  loop.poll();
  EXPECT_FALSE(changed);
  turns.release({"a", "b"});
  loop.poll();
  EXPECT_TRUE(changed);
  EXPECT_TRUE(turns.claimed().empty());
}

}  // namespace
}  // namespace canvasback
