// What every request for rows is checked for before a worker sees it, and told to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "service/dataset/dataset_service.hpp"
#include "task/task.hpp"

namespace canvasback {

// The format exists, the time limit is within bounds, and the compression is one of the format's. Errors: InvalidData.
Status check_common(std::string_view format, std::string_view compression, std::int64_t timeout_ms);

// Whether a page of its rows in file order costs the same wherever it is.
bool has_bounded_pages(const Dataset& dataset);

// Files that cannot be read, and that the task does without: the worker says so in its answer.
void tell_left_out(Task& task, const std::vector<std::string>& names, OnUnreadable on_unreadable);

}  // namespace canvasback
