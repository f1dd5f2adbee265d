// For the tests of engine/duckdb: an engine as workers have it, and its answers as text.
#pragma once

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/test_support.hpp"
#include "engine/duckdb/duckdb_engine.hpp"

namespace canvasback {

inline std::unique_ptr<Engine> open_engine(std::vector<std::string> readable_paths,
                                           const std::string& temp_folder = "") {
  EngineOptions options;
  options.threads = 2;
  options.memory_bytes = 256 * limits::kMiB;
  options.temp_folder = temp_folder;
  options.temp_bytes_max = 16 * limits::kMiB;
  options.readable_paths = std::move(readable_paths);
  auto engine = open_duckdb(options);
  EXPECT_TRUE(engine) << (engine ? "" : engine.error().message + engine.error().detail);
  return engine ? std::move(*engine) : nullptr;
}

// Rows as "1|a", or the error's code and message.
inline std::vector<std::string> rows_of(BatchStream& stream) {
  std::vector<std::string> rows;
  while (true) {
    auto batch = stream.next();
    if (!batch) return {std::string(name_of(batch.error().code)) + ": " + batch.error().message};
    if (!*batch) return rows;
    for (std::int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      std::string text;
      for (const auto& column : (*batch)->columns()) {
        if (!text.empty()) text += '|';
        auto value = column->GetScalar(row);
        text += value.ok() ? (*value)->ToString() : "?";
      }
      rows.push_back(std::move(text));
    }
  }
}

inline std::vector<std::string> rows_of(Engine& engine, const SqlRequest& request) {
  auto stream = engine.execute(request, CancelToken());
  if (!stream) return {std::string(name_of(stream.error().code)) + ": " + stream.error().message};
  return rows_of(**stream);
}

}  // namespace canvasback
