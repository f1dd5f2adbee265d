// Arrow IPC files and streams as streams of portable batches (stream/portable_batches.hpp). The kind is told from the
// first bytes ("ARROW1" is the file format). Files are mapped; batches are not copied unless they are compressed or
// have types that the engine does not take.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

// What inspection learns of a file, by reading all of it once.
struct ArrowFileFacts {
  SchemaPtr schema;  // as the file has it
  std::int64_t rows = 0;
  std::vector<std::string> fine;  // columns that has_fine_values() is true of
};
Result<ArrowFileFacts> look_into_arrow_file(const std::string& path, const CancelToken& cancel);

// The files one after the other; all must have one schema. fine: ArrowFileFacts::fine of any file that is read together
// with these. Errors: InvalidData that names the file.
Result<std::unique_ptr<BatchStream>> open_arrow_files(std::vector<std::string> paths, std::vector<std::string> fine,
                                                      CancelToken cancel);

}  // namespace canvasback
