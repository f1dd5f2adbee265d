// Request bodies that are files of a typed format: Parquet and Arrow IPC (stream or file). They are read at random, so
// they are first written into a nameless file that the front has opened.
#pragma once

#include <functional>

#include "source/records/shredded.hpp"
#include "stream/batch_stream.hpp"
#include "task/collection_task.hpp"

namespace canvasback {

// Gives the batches of the file behind the descriptor, each valid in itself, in order. Errors: InvalidData for a file
// that is none of that format; those of `take`.
using TakeBatch = std::function<Status(BatchPtr)>;
Status read_typed_file(int fd, InputFormat format, const TakeBatch& take);

}  // namespace canvasback
