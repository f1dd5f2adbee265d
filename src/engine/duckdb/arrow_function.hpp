// arrow_files('name'): a table function that reads what StreamFactories give, so that SQL reaches Arrow files.
// Scanned by one thread; batches are passed to the engine without a copy.
#pragma once

#include <duckdb.h>

#include <map>
#include <mutex>
#include <string>

#include "base/error.hpp"
#include "engine/engine.hpp"

namespace canvasback::duck {

// The factories by name; must outlive the connection the function is registered on. Thread-safe.
class StreamRegistry {
 public:
  void set(std::string_view name, StreamFactory factory);
  StreamFactory find(std::string_view name) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, StreamFactory, std::less<>> factories_;
};

Status register_arrow_function(duckdb_connection connection, StreamRegistry& registry);

}  // namespace canvasback::duck
