// The Arrow schema that libparquet reads a file with, with the values of the logical type ENUM as text, at any depth:
// libparquet gives them as bytes, the format says that they are UTF-8. Batches become so by portable_batch()
// (stream/portable_batches.hpp).
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/type_fwd.h>

#include <memory>

namespace parquet::arrow {
class FileReader;
}

namespace canvasback {

// The schema itself where there are none. schema: that of the reader's batches of all columns.
std::shared_ptr<arrow::Schema> with_enums_as_text(const parquet::arrow::FileReader& reader,
                                                  const std::shared_ptr<arrow::Schema>& schema);

}  // namespace canvasback
