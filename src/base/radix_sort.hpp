// A stable sort of words by some of their bits, on several threads: what puts millions of rows in order by a number of
// each (worker/roles/query/row_order.hpp). Time grows with the rows and the bits, not with the order that is there
// already. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace canvasback {

struct RadixBits {
  int first = 0;  // the lowest bit that counts
  int count = 0;  // so many from there on; 0: all words are equal
};

// Puts `words` in order; words that are equal in those bits keep the order they had. `spare` is overwritten and gets
// the same size. Precondition: 0 <= first, first + count <= 64.
void radix_sort(std::vector<std::uint64_t>& words, std::vector<std::uint64_t>& spare, RadixBits bits, int threads);

}  // namespace canvasback
