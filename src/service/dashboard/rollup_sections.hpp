// The answer of a task that makes rollups (task/rollup_task.hpp), taken apart as its bytes come: the line that
// describes the metrics, files with their descriptions, and what is not there. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace canvasback {

inline constexpr std::size_t kSectionLineBytesMax = 8'388'608;
inline constexpr std::size_t kSectionFileBytesMax = 268'435'456;

class RollupSections {
 public:
  // One line of the answer, with the bytes of its file where it has one ("bytes").
  using Take = std::function<Status(Json line, std::string bytes)>;

  explicit RollupSections(Take take) : take_(std::move(take)) {}

  // Errors: DataProcessing for what is no such answer; those of `take`.
  Status feed(std::string_view bytes);
  // At the end of the answer: it must be the end of a section, too.
  Status finish() const;

 private:
  Status end_line();

  Take take_;
  std::string line_;
  std::optional<Json> head_;  // of a file whose bytes are coming
  std::size_t wanted_ = 0;
  std::string bytes_;
};

}  // namespace canvasback
