// NamedBatches: the batches of another stream, with other names for the first columns. Copies no value.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stream/batch_stream.hpp"

namespace canvasback {

class NamedBatches final : public BatchStream {
 public:
  // Requires at least as many columns as names.
  NamedBatches(std::unique_ptr<BatchStream> inner, const std::vector<std::string>& names);

  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override;

 private:
  std::unique_ptr<BatchStream> inner_;
  SchemaPtr schema_;
};

}  // namespace canvasback
