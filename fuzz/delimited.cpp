// Any bytes as a delimited file: one thread and several find the same, a merge of the file with itself decides the same
// types, and every cell fits the type that was decided.
#include <arrow/record_batch.h>

#include "fuzz/support.hpp"
#include "source/delimited/delimited_file.hpp"

using namespace canvasback;

namespace {

Result<DelimitedScan> scan(const std::string& path, int threads) {
  ScanWork work;
  work.threads = threads;
  return scan_delimited(path, {}, work);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  Result<DelimitedScan> found = scan(file.path(), 1);
  const Result<DelimitedScan> again = scan(file.path(), 3);
  FUZZ_CHECK(found.has_value() == again.has_value());
  if (!found) return 0;
  FUZZ_CHECK(found->reading.rows == again->reading.rows && found->reading.parts == again->reading.parts);
  FUZZ_CHECK(found->reading.names == again->reading.names && found->reading.dialect == again->reading.dialect);

  TextReading reading;
  reading.files.push_back(found->reading);
  reading.columns = decide_columns({*found}, {}).value();
  const auto twice = decide_columns({*found, *again}, {}).value();
  for (std::size_t i = 0; i < twice.size(); ++i) FUZZ_CHECK(twice[i].type == reading.columns[i].type);

  const auto source = open_delimited({file.path()}, reading).value();
  std::vector<int> columns;
  for (int i = 0; i < source->schema()->num_fields(); ++i) columns.push_back(i);
  const auto reader = source->open(columns, CancelToken()).value();
  for (std::size_t part = 0; part < source->parts().size(); ++part) {
    const Result<BatchPtr> batch = reader->read(part);
    FUZZ_CHECK(batch && (*batch)->ValidateFull().ok());
  }
  return 0;
}
