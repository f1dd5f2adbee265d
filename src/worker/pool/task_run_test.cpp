// The reader's side of a task, with the test in the place of the worker process.
#include "worker/pool/task_run.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

namespace canvasback {
namespace {

class TaskRunTest : public testing::Test {
 protected:
  // Reads to the end on the io_context; what came is in `seen`.
  void read_all() {
    asio::co_spawn(
        io_,
        [this]() -> asio::awaitable<void> {
          while (true) {
            const TaskEvent event = co_await run_->next();
            switch (event.kind) {
              case TaskEvent::Kind::Head: seen_.push_back("head " + event.info.dump()); break;
              case TaskEvent::Kind::Data:
                seen_.push_back("data " + std::string(event.bytes) + (event.last ? " (last)" : ""));
                break;
              case TaskEvent::Kind::Done: seen_.push_back("done " + event.info.dump()); co_return;
              case TaskEvent::Kind::Failed: seen_.push_back("failed " + event.error.message); co_return;
            }
          }
        },
        asio::detached);
  }
  void poll() {
    io_.restart();
    io_.poll();
  }
  void give(std::string_view piece) {
    state_->piece = piece;
    state_->readable.notify();
    poll();
  }

  asio::io_context io_;
  std::shared_ptr<TaskState> state_ = std::make_shared<TaskState>(io_.get_executor());
  std::unique_ptr<TaskRun> run_ = std::make_unique<TaskRun>(state_);
  std::vector<std::string> seen_;
};

using Seen = std::vector<std::string>;

TEST_F(TaskRunTest, EventsComeInOrderAndEachPieceUntilItIsTaken) {
  read_all();
  poll();
  EXPECT_EQ(seen_, Seen());
  state_->head = Json(Json::Object{{"rows", 2}});
  give("first");
  EXPECT_EQ(seen_, (Seen{R"(head {"rows":2})", "data first"}));
  // Asking for the next event gave the piece back.
  EXPECT_FALSE(state_->piece_given);
  EXPECT_TRUE(state_->piece.empty());
  state_->piece_is_last = true;
  state_->done = Json(1);
  give("second");
  EXPECT_EQ(seen_, (Seen{R"(head {"rows":2})", "data first", "data second (last)", "done 1"}));
}

TEST_F(TaskRunTest, AFailureComesBehindThePieceThatIsThere) {
  read_all();
  state_->failed = Error{ErrorCode::QueryTimeout, "too slow", {}, {}, 0};
  give("bytes");
  EXPECT_EQ(seen_, (Seen{"data bytes", "failed too slow"}));
}

TEST_F(TaskRunTest, ACancelledTasksBytesAreDropped) {
  read_all();
  state_->cancelled = CancelReason::Client;
  give("bytes");
  EXPECT_EQ(seen_, Seen());
  state_->failed = Error{ErrorCode::Cancelled, "cancelled", {}, {}, 0};
  state_->readable.notify();
  poll();
  EXPECT_EQ(seen_, Seen{"failed cancelled"});
}

TEST_F(TaskRunTest, AnAnswerThatWasStoppedBeforeItsBytesWereTakenIsNoAnswer) {
  read_all();
  state_->cancelled = CancelReason::Timeout;
  state_->piece_is_last = true;
  state_->done = Json(1);
  give("bytes");
  EXPECT_EQ(seen_, Seen());
  state_->piece = {};
  state_->dropped = true;
  state_->readable.notify();
  poll();
  EXPECT_EQ(seen_, Seen());
  state_->failed = Error{ErrorCode::QueryTimeout, "too slow", {}, {}, 0};
  state_->readable.notify();
  poll();
  EXPECT_EQ(seen_, Seen{"failed too slow"});
}

TEST_F(TaskRunTest, TheEndStaysTheEnd) {
  state_->done = Json(7);
  read_all();
  poll();
  read_all();
  poll();
  EXPECT_EQ(seen_, (Seen{"done 7", "done 7"}));
}

TEST_F(TaskRunTest, WithoutAReaderTheStateIsDetachedAndTheWriterWakes) {
  bool woken = false;
  asio::co_spawn(
      io_,
      [&]() -> asio::awaitable<void> {
        co_await state_->taken.wait();
        woken = true;
      },
      asio::detached);
  poll();
  EXPECT_FALSE(woken);
  run_.reset();
  poll();
  EXPECT_TRUE(woken);
  EXPECT_TRUE(state_->detached);
}

TEST_F(TaskRunTest, CancellingWhatHasEndedDoesNothing) {
  state_->done = Json(7);
  run_->cancel(CancelReason::Client);
  EXPECT_EQ(state_->cancelled, CancelReason::None);
  EXPECT_EQ(run_->worker_number(), 0);
}

}  // namespace
}  // namespace canvasback
