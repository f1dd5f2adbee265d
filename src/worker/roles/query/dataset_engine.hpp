// DatasetEngine: the engine as tasks use it: it knows how the engine is to read a dataset, and runs SQL that the server
// made. A user's own statement goes another way (statement_stream.hpp). Only the task loop uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "engine/engine.hpp"
#include "query/selection.hpp"
#include "sql/sql_builder.hpp"
#include "storage/dataset.hpp"
#include "worker/roles/query/dataset_catalog.hpp"

namespace canvasback {

class DatasetEngine {
 public:
  DatasetEngine(Engine& engine, DatasetCatalog& datasets) : engine_(engine), datasets_(datasets) {}

  // Of the task that begins.
  void use_threads(int threads);
  // Defines what relation_sql(dataset) reads. Free where the engine reads the files itself.
  Status define(const Dataset& dataset);
  // Starts SQL of our own. What is wrong with it is a value of the request: InvalidData, without a position.
  Result<std::unique_ptr<BatchStream>> execute(SqlStatement statement, const CancelToken& cancel);
  // The one number that a statement of our own gives.
  Result<std::int64_t> single_number(const std::string& sql, std::vector<std::string> parameters,
                                     const CancelToken& cancel);
  // The rows that a selection's filter leaves. Reads the filter's columns.
  Result<std::int64_t> count(const Dataset& dataset, const Selection& selection, const CancelToken& cancel);

  Engine& engine() { return engine_; }

 private:
  Engine& engine_;
  DatasetCatalog& datasets_;
  int threads_ = 1;
};

}  // namespace canvasback
