#include "base/radix_sort.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/work_pieces.hpp"

namespace canvasback {
namespace {

// More at once would be more places written to than the processor has translations of addresses for.
constexpr int kDigitBits = 8;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr std::size_t kShareMin = 65'536;  // of a thread

using Counts = std::array<std::size_t, kDigits>;

class Pass {
 public:
  Pass(std::span<const std::uint64_t> from, std::span<std::uint64_t> to, RadixBits digit, std::size_t threads)
      : from_(from),
        to_(to),
        shift_(digit.first),
        mask_((std::uint64_t{1} << digit.count) - 1),
        threads_(threads),
        counts_(threads) {}

  // Whether anything moved: where all words have the same digit, nothing does.
  bool run() {
    in_threads(threads_, [this](std::size_t thread) { count(thread); });
    if (!place()) return false;
    in_threads(threads_, [this](std::size_t thread) { scatter(thread); });
    return true;
  }

 private:
  std::span<const std::uint64_t> share(std::size_t thread) const {
    const std::size_t begin = from_.size() * thread / threads_;
    return from_.subspan(begin, from_.size() * (thread + 1) / threads_ - begin);
  }
  std::size_t digit(std::uint64_t word) const { return static_cast<std::size_t>((word >> shift_) & mask_); }

  void count(std::size_t thread) {
    Counts& counts = counts_[thread];
    counts.fill(0);
    for (std::uint64_t word : share(thread)) ++counts[digit(word)];
  }
  // From how many there are of each digit to where the first of them goes, thread after thread.
  bool place() {
    std::size_t at = 0;
    for (std::size_t value = 0; value < kDigits; ++value) {
      const std::size_t before = at;
      for (Counts& counts : counts_) at += std::exchange(counts[value], at);
      if (at - before == from_.size()) return false;
    }
    return true;
  }
  void scatter(std::size_t thread) {
    Counts& places = counts_[thread];
    for (std::uint64_t word : share(thread)) to_[places[digit(word)]++] = word;
  }

  std::span<const std::uint64_t> from_;
  std::span<std::uint64_t> to_;
  int shift_;
  std::uint64_t mask_;
  std::size_t threads_;
  std::vector<Counts> counts_;  // one for each thread
};

}  // namespace

void radix_sort(std::vector<std::uint64_t>& words, std::vector<std::uint64_t>& spare, RadixBits bits, int threads) {
  spare.resize(words.size());
  if (words.size() < 2 || bits.count == 0) return;
  const std::size_t shares = std::max<std::size_t>(1, words.size() / kShareMin);
  const std::size_t used = std::min(static_cast<std::size_t>(std::max(threads, 1)), shares);
  const int passes = (bits.count + kDigitBits - 1) / kDigitBits;
  const int end = bits.first + bits.count;
  int first = bits.first;
  for (int pass = 0; pass < passes; ++pass) {
    const int width = (end - first + passes - pass - 1) / (passes - pass);
    if (Pass(words, spare, {first, width}, used).run()) words.swap(spare);
    first += width;
  }
}

}  // namespace canvasback
