// CSV: RFC 4180 with a header row and '\n' line ends, UTF-8 without a byte order mark. A field is quoted where it holds
// a comma, a quote, a line end, or a space at either end. NULL is an empty field, an empty text is "" (in a table of
// one column a NULL is therefore an empty line). Values: encode/value_text.hpp; nested ones are JSON text.
#pragma once

#include "encode/block_encoder.hpp"

namespace canvasback {

std::unique_ptr<BlockFormatter> make_csv_formatter(const EncodeOptions& options);

}  // namespace canvasback
