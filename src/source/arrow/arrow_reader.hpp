// Arrow IPC files and streams as BatchStreams. The kind is told from the first bytes ("ARROW1" is the file format).
// Dictionary columns come out decoded. Files are mapped; batches are not copied unless they are compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

// The files one after the other; all must have one schema. Errors: InvalidData that names the file.
Result<std::unique_ptr<BatchStream>> open_arrow_files(std::vector<std::string> paths, CancelToken cancel);

// Rows of one file, from its message headers.
Result<std::int64_t> count_arrow_rows(const std::string& path);

}  // namespace canvasback
