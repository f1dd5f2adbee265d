// For the tests of encode/: small batches from JSON text, and an answer's bytes from batches.
#pragma once

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "encode/registry.hpp"

namespace canvasback {

inline std::shared_ptr<arrow::Array> array_of(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  auto array = arrow::json::ArrayFromJSONString(type, json);
  EXPECT_TRUE(array.ok()) << array.status().ToString();
  return array.ValueOr(nullptr);
}

struct TestColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;  // a JSON array
};

inline BatchPtr batch_of(const std::vector<TestColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(array_of(column.type, column.values));
  }
  const std::int64_t rows = arrays.empty() ? 0 : arrays[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
}

inline std::string encode_all(std::string_view format, const std::vector<BatchPtr>& batches,
                              const EncodeOptions& options = {}) {
  StringSink sink;
  auto encoder = make_encoder(format, sink, options);
  if (!encoder) {
    ADD_FAILURE() << encoder.error().message;
    return {};
  }
  Status status = (*encoder)->begin(batches.at(0)->schema());
  for (const auto& batch : batches) {
    if (status && batch->num_rows() > 0) status = (*encoder)->write(batch);
  }
  if (status) {
    status = (*encoder)->finish();
  } else {
    (*encoder)->abandon();
  }
  EXPECT_TRUE(status) << (status ? "" : status.error().message + " " + status.error().detail);
  EXPECT_EQ(sink.finished(), status.has_value());
  return sink.bytes();
}

// Passes on `bytes_max` bytes, then fails as if the reader had gone.
class BreakingSink final : public ByteSink {
 public:
  explicit BreakingSink(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  Status write(std::string_view bytes) override {
    EXPECT_FALSE(failed) << "a write after an error";
    if (written + bytes.size() > bytes_max_) {
      failed = true;
      return fail(ErrorCode::Cancelled, "the reader is gone");
    }
    written += bytes.size();
    return {};
  }
  Status finish() override {
    EXPECT_FALSE(failed) << "finished after an error";
    finished = true;
    return {};
  }
  void abandon() override { abandoned = true; }

  std::size_t written = 0;
  bool failed = false;
  bool finished = false;
  bool abandoned = false;

 private:
  std::size_t bytes_max_;
};

}  // namespace canvasback
