// The worker process: `canvasback worker`, started by the front with descriptors 0 to 3 only. Reads Hello, enters the
// sandbox before any thread exists, opens the engine, says Ready, then runs tasks until its socket ends.
#pragma once

namespace canvasback {

// What is built into an executable, never a setting: the product's worker has the statement gate; a test's has not.
struct ChildBuild {
  bool gate = true;
};

// Returns the process's exit code.
int run_worker_child(const ChildBuild& build);

}  // namespace canvasback
