// PageSize: how many rows the next statement of a tier asks for. A source ends statements that take too long, and a
// long one holds back its purge; a short one costs a round trip, in which nothing is read. So pages grow and shrink
// towards kPageSeconds each. A value.
#pragma once

#include <algorithm>
#include <cstdint>

namespace canvasback {

inline constexpr double kPageSeconds = 5;

class PageSize {
 public:
  PageSize(std::int64_t first, std::int64_t most) : rows_(std::min(first, most)), most_(most) {}

  std::int64_t rows() const { return rows_; }

  // A whole page took so long.
  void took(double seconds) {
    const double fitting = static_cast<double>(rows_) * kPageSeconds / std::max(seconds, 0.001);
    const auto wanted = static_cast<std::int64_t>(std::min(fitting, static_cast<double>(most_)));
    set(std::clamp(wanted, rows_ / kStep, rows_ * kStep));
  }
  // The source ended one before its end. False where there are no smaller ones.
  bool shrink() {
    if (rows_ == kLeast) return false;
    set(rows_ / kStep);
    return true;
  }

 private:
  static constexpr std::int64_t kStep = 4;
  static constexpr std::int64_t kLeast = 256;

  void set(std::int64_t rows) { rows_ = std::min(std::max(rows, kLeast), most_); }

  std::int64_t rows_;
  std::int64_t most_;
};

}  // namespace canvasback
