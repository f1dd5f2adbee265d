#include "worker/child/work_feed.hpp"

#include <fmt/format.h>

#include <chrono>

#include "base/limits.hpp"

namespace canvasback {

void WorkFeed::put(Channel::Frame frame) {
  std::scoped_lock lock(mutex_);
  if (frame.kind == FrameKind::Input) {
    if (const auto piece = decode_piece(frame.payload)) {
      pieces_.push_back(*piece);
      end_ = piece->position + piece->bytes;
    }
  } else if (frame.kind == FrameKind::InputEnd) {
    ended_ = true;
  } else {
    for (UniqueFd& file : frame.files) files_.push_back(std::move(file));
  }
  changed_.notify_all();
}

template <class Ready>
Status WorkFeed::wait(std::unique_lock<std::mutex>& lock, const CancelToken& cancel, Ready ready) {
  while (!ready()) {
    CANVASBACK_TRY(cancel.check());
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
  return {};
}

Result<std::optional<std::string_view>> WorkFeed::next_input(const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  if (!rest_.empty()) return std::exchange(rest_, {});
  // Not for every small piece: the ring has room for many of them.
  if (held_ - told_ >= limits::kDataFrameBytes) {
    const std::uint64_t taken = told_ = held_;
    lock.unlock();
    CANVASBACK_TRY(channel_.send(FrameKind::InputTaken, std::string_view(fmt::format("{{\"position\":{}}}", taken))));
    lock.lock();
  }
  CANVASBACK_TRY(wait(lock, cancel, [&] { return !pieces_.empty() || ended_; }));
  if (pieces_.empty()) return std::optional<std::string_view>();
  const RingPiece piece = pieces_.front();
  pieces_.pop_front();
  held_ = piece.position + piece.bytes;
  return channel_.ring().input_at(piece);
}

Result<std::string> WorkFeed::take_input(std::size_t bytes, const CancelToken& cancel) {
  std::string out;
  while (out.size() < bytes) {
    CANVASBACK_ASSIGN(auto piece, next_input(cancel));
    if (!piece) return fail(ErrorCode::DataProcessing, "The input of a task ended too early.");
    const std::string_view wanted = piece->substr(0, bytes - out.size());
    out += wanted;
    std::scoped_lock lock(mutex_);
    rest_ = piece->substr(wanted.size());
  }
  return out;
}

Result<UniqueFd> WorkFeed::need_file(std::string_view name, const CancelToken& cancel) {
  Json json;
  json.set("name", name);
  return need_file(json, cancel);
}

Result<UniqueFd> WorkFeed::need_file(const Json& request, const CancelToken& cancel) {
  CANVASBACK_TRY(channel_.send(FrameKind::NeedFile, request));
  CANVASBACK_ASSIGN(auto files, take_files(1, cancel));
  return std::move(files[0]);
}

Result<std::vector<UniqueFd>> WorkFeed::take_files(std::size_t count, const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  CANVASBACK_TRY(wait(lock, cancel, [&] { return files_.size() >= count; }));
  std::vector<UniqueFd> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(std::move(files_.front()));
    files_.pop_front();
  }
  return out;
}

void WorkFeed::restart() {
  std::scoped_lock lock(mutex_);
  pieces_.clear();
  held_ = told_ = end_;
  rest_ = {};
  files_.clear();
  ended_ = false;
}

}  // namespace canvasback
