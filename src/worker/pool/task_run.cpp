#include "worker/pool/task_run.hpp"

#include "base/clock.hpp"
#include "worker/pool/worker_process.hpp"

namespace canvasback {

TaskRun::~TaskRun() {
  state_->detached = true;
  state_->on_cut = nullptr;
  state_->on_progress = nullptr;
  if (!state_->ended() && state_->worker) state_->worker->cancel(CancelReason::Client);
  state_->taken.notify();
}

void TaskRun::release() {
  TaskState& state = *state_;
  if (!state.piece_given) return;
  state.piece_given = false;
  state.piece = {};
  state.waited_ns += monotonic_ns() - state.waiting_since_ns;
  state.taken.notify();
}

asio::awaitable<TaskEvent> TaskRun::next() {
  TaskState& state = *state_;
  release();
  while (true) {
    if (state.head) {
      TaskEvent event{TaskEvent::Kind::Head};
      event.info = std::move(*state.head);
      state.head.reset();
      co_return event;
    }
    // A cancelled task's bytes are dropped: what follows is only its end.
    if (!state.piece.empty() && state.cancelled == CancelReason::None) {
      state.piece_given = true;
      TaskEvent event{TaskEvent::Kind::Data};
      event.bytes = state.piece;
      event.last = state.piece_is_last;
      if (event.last) event.info = *state.done;
      co_return event;
    }
    if (state.failed) {
      TaskEvent event{TaskEvent::Kind::Failed};
      event.error = *state.failed;
      co_return event;
    }
    // Not while data lies there that a stop made worthless: what follows it is a failure.
    if (state.done && state.piece.empty() && !state.dropped) {
      TaskEvent event{TaskEvent::Kind::Done};
      event.info = *state.done;
      co_return event;
    }
    co_await state.readable.wait();
  }
}

void TaskRun::cancel(CancelReason reason) {
  if (!state_->ended() && state_->worker) state_->worker->cancel(reason);
}

int TaskRun::worker_number() const { return state_->worker ? state_->worker->number() : 0; }

}  // namespace canvasback
