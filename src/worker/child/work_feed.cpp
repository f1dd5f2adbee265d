#include "worker/child/work_feed.hpp"

#include <fmt/format.h>

#include <chrono>

namespace canvasback {

void WorkFeed::put(Channel::Frame frame) {
  std::scoped_lock lock(mutex_);
  if (frame.kind == FrameKind::Input) {
    pieces_.push_back(std::move(frame.payload));
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

Result<std::optional<std::string>> WorkFeed::next_input(const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  if (!rest_.empty()) return std::exchange(rest_, {});
  CANVASBACK_TRY(wait(lock, cancel, [&] { return !pieces_.empty() || ended_; }));
  if (pieces_.empty()) return std::optional<std::string>();
  std::string piece = std::move(pieces_.front());
  pieces_.pop_front();
  lock.unlock();
  CANVASBACK_TRY(channel_.send(FrameKind::InputTaken, std::string_view(fmt::format("{{\"bytes\":{}}}", piece.size()))));
  return piece;
}

Result<std::string> WorkFeed::take_input(std::size_t bytes, const CancelToken& cancel) {
  std::string out;
  while (out.size() < bytes) {
    CANVASBACK_ASSIGN(auto piece, next_input(cancel));
    if (!piece) return fail(ErrorCode::DataProcessing, "The input of a task ended too early.");
    const std::size_t wanted = bytes - out.size();
    if (piece->size() <= wanted) {
      out += *piece;
      continue;
    }
    out.append(*piece, 0, wanted);
    piece->erase(0, wanted);
    std::scoped_lock lock(mutex_);
    rest_ = std::move(*piece);
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
  rest_.clear();
  files_.clear();
  ended_ = false;
}

}  // namespace canvasback
