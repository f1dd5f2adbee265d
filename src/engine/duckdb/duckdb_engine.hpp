// The embedded engine: one DuckDB instance per worker, in memory, opened once with its limits, its readable paths
// and no external access, then locked. See engine/engine.hpp for the contract.
#pragma once

#include <memory>

#include "engine/engine.hpp"

namespace canvasback {

// Errors: Database when the instance cannot be opened or a lock does not hold when read back.
Result<std::unique_ptr<Engine>> open_duckdb(const EngineOptions& options);

}  // namespace canvasback
