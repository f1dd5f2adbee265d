// Keeper: where the bodies of `ingest` go: into a collection of the data folder itself, or to a running server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/commands.hpp"
#include "server/runtime.hpp"

namespace canvasback {

// One body: how it is to be taken, and its bytes, piece by piece; empty at its end.
struct Body {
  IngestRequest request;
  std::function<Result<std::string_view>()> next_piece;
};

struct Sent {
  std::int64_t records = 0;
  std::int64_t quarantined = 0;
  bool repeated = false;  // nothing was kept: it was before, under the same key
};

class Keeper {
 public:
  static Result<Keeper> open(const CommandOptions& options);
  Keeper(Keeper&&) = default;
  Keeper& operator=(Keeper&&) = delete;
  ~Keeper();

  // All of a body, or nothing of it. After an error `uncertain()` says whether that is known.
  Result<Sent> keep(Body body);
  // The last body was sent, and no answer came: it may have been kept.
  bool uncertain() const { return uncertain_; }
  bool is_remote() const { return !runtime_; }

 private:
  Keeper() = default;
  Result<Sent> send(Body& body);

  std::string server_;
  std::unique_ptr<Runtime> runtime_;
  bool uncertain_ = false;
};

}  // namespace canvasback
