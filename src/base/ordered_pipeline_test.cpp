#include "base/ordered_pipeline.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <vector>

namespace canvasback {
namespace {

using Pipeline = OrderedPipeline<int, int>;

Status keep_waiting() { return {}; }

// Pushes 0, 1, …, count - 1 and closes.
std::thread producer(Pipeline& pipeline, int count) {
  return std::thread([&pipeline, count] {
    for (int i = 0; i < count; ++i) {
      if (!pipeline.push(i, 1)) break;
    }
    pipeline.close();
  });
}

TEST(OrderedPipeline, ResultsComeInTheOrderOfTheItems) {
  // Even items are held until an odd one behind them is done.
  std::atomic<int> odd_done = 0;
  Pipeline pipeline({4, 8, SIZE_MAX}, [&](int item) -> Result<int> {
    if (item % 2 == 1) {
      ++odd_done;
      odd_done.notify_all();
    } else {
      for (int seen = odd_done; seen <= item / 2; seen = odd_done) odd_done.wait(seen);
    }
    return item * 10;
  });
  std::thread pushing = producer(pipeline, 100);
  for (int i = 0; i < 100; ++i) {
    auto popped = pipeline.pop(keep_waiting);
    ASSERT_TRUE(popped && *popped);
    EXPECT_EQ(**popped, i * 10);
  }
  auto end = pipeline.pop(keep_waiting);
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
  pushing.join();
}

TEST(OrderedPipeline, AnErrorOfTheWorkComesInItsPlace) {
  Pipeline pipeline({2, 8, SIZE_MAX}, [](int item) -> Result<int> {
    if (item == 2) return fail(ErrorCode::InvalidData, "two");
    return item;
  });
  std::thread pushing = producer(pipeline, 4);
  EXPECT_EQ(**pipeline.pop(keep_waiting), 0);
  EXPECT_EQ(**pipeline.pop(keep_waiting), 1);
  auto failed = pipeline.pop(keep_waiting);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "two");
  pushing.join();
}

TEST(OrderedPipeline, AnErrorOfTheProducerComesBehindItsItems) {
  Pipeline pipeline({1, 8, SIZE_MAX}, [](int item) -> Result<int> { return item; });
  EXPECT_TRUE(pipeline.push(7, 1));
  pipeline.close(fail(ErrorCode::Database, "broke"));
  EXPECT_EQ(**pipeline.pop(keep_waiting), 7);
  auto failed = pipeline.pop(keep_waiting);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::Database);
}

TEST(OrderedPipeline, AtMostSoManyItemsAreUnderWay) {
  std::atomic<int> pushed = 0;
  std::atomic<int> popped_count = 0;
  std::atomic<int> worst = 0;
  Pipeline pipeline({2, 3, SIZE_MAX}, [](int item) -> Result<int> { return item; });
  std::thread pushing([&] {
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(pipeline.push(i, 1));
      ++pushed;
      worst = std::max(worst.load(), pushed - popped_count);
    }
    pipeline.close();
  });
  while (true) {
    // Counted before it is taken: the producer may run on at once.
    ++popped_count;
    auto popped = pipeline.pop(keep_waiting);
    ASSERT_TRUE(popped);
    if (!*popped) break;
  }
  pushing.join();
  EXPECT_LE(worst, 3);
}

TEST(OrderedPipeline, BytesBoundItTooButOneItemAlwaysFits) {
  Pipeline pipeline({1, 100, 10}, [](int item) -> Result<int> { return item; });
  EXPECT_TRUE(pipeline.push(1, 1'000'000));
  std::atomic<bool> second_in = false;
  std::thread pushing([&] {
    EXPECT_TRUE(pipeline.push(2, 1));
    second_in = true;
    pipeline.close();
  });
  EXPECT_FALSE(second_in);  // it waits until the first has been taken
  EXPECT_EQ(**pipeline.pop(keep_waiting), 1);
  EXPECT_EQ(**pipeline.pop(keep_waiting), 2);
  pushing.join();
}

TEST(OrderedPipeline, StoppingEndsAWaitingProducerAndConsumer) {
  std::latch started(1);
  std::atomic<bool> release = false;
  Pipeline pipeline({1, 1, SIZE_MAX}, [&](int item) -> Result<int> {
    started.count_down();
    release.wait(false);
    return item;
  });
  EXPECT_TRUE(pipeline.push(1, 1));
  started.wait();
  std::thread pushing([&] { EXPECT_FALSE(pipeline.push(2, 1)); });
  pipeline.stop();
  pushing.join();
  auto popped = pipeline.pop(keep_waiting);
  ASSERT_TRUE(popped);
  EXPECT_FALSE(*popped);
  release = true;
  release.notify_all();
}

TEST(OrderedPipeline, AConsumerThatGivesUpGetsItsReason) {
  Pipeline pipeline({1, 1, SIZE_MAX}, [](int item) -> Result<int> { return item; });
  auto popped = pipeline.pop([] { return Status(fail(ErrorCode::Cancelled, "enough")); });
  ASSERT_FALSE(popped);
  EXPECT_EQ(popped.error().message, "enough");
}

TEST(OrderedPipeline, AnExceptionOfTheWorkIsAnErrorNotTheEndOfTheProcess) {
  Pipeline pipeline({1, 4, SIZE_MAX}, [](int) -> Result<int> { throw std::bad_alloc(); });
  EXPECT_TRUE(pipeline.push(1, 1));
  auto popped = pipeline.pop(keep_waiting);
  ASSERT_FALSE(popped);
  EXPECT_EQ(popped.error().code, ErrorCode::MemoryLimit);
}

TEST(OrderedPipeline, DroppingItWithItemsInsideEndsItsThreads) {
  Pipeline pipeline({3, 10, SIZE_MAX}, [](int item) -> Result<int> { return item; });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pipeline.push(i, 1));
}

}  // namespace
}  // namespace canvasback
