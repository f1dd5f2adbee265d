// Walks over a raw deflate stream without decompressing it, to find what its bytes do not say: where its last block
// starts and where it ends. libdeflate marks the last block of every input as final and can do nothing else; to put
// streams behind one another that mark must go, and an end on a byte must come. Source: RFC 1951.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace canvasback::xlsx {

struct DeflateEnds {
  std::size_t last_block_bit = 0;  // of its header's first bit, the final mark
  std::size_t end_bit = 0;         // behind the last block
};

// nullopt for bytes that are no complete deflate stream.
std::optional<DeflateEnds> walk_deflate(std::string_view bytes);

// Makes a complete stream one that another can follow: takes the final mark away and appends an empty stored block,
// which ends on a byte. False where the bytes are no complete stream.
bool open_deflate_end(std::string& bytes);

}  // namespace canvasback::xlsx
