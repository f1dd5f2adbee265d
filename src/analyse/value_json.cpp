#include "analyse/value_json.hpp"

#include <array>
#include <cmath>

namespace canvasback::analyse {
namespace {

constexpr std::int64_t kExactMax = std::int64_t{1} << 53;

using Buffer = std::array<char, 192>;

Json text_of(const Buffer& buffer, const char* end) {
  return Json(std::string(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

}  // namespace

Json double_json(double value) {
  if (std::isnan(value)) return Json("NaN");
  if (std::isinf(value)) return Json(value > 0 ? "Infinity" : "-Infinity");
  return Json(value);
}

Json value_json(const NumberForm& form, std::int64_t value) {
  using Kind = NumberForm::Kind;
  Buffer buffer;
  char* out = buffer.data();
  switch (form.kind) {
    case Kind::Decimal: return text_of(buffer, write_decimal64(out, value, form.scale));
    case Kind::Date: return text_of(buffer, write_date(out, static_cast<std::int32_t>(value)));
    case Kind::DateMilliseconds: return text_of(buffer, write_date_ms(out, value));
    case Kind::Time: return text_of(buffer, write_time(out, value, form.unit));
    case Kind::Timestamp: return text_of(buffer, write_timestamp(out, value, form.unit, form.utc));
    case Kind::Duration: return text_of(buffer, write_duration(out, value, form.unit));
    default: break;
  }
  if (value >= -kExactMax && value <= kExactMax) return Json(value);
  return text_of(buffer, write_integer(out, value));
}

Json value_json(const NumberForm& form, Int128 value) {
  const bool small = value >= -kExactMax && value <= kExactMax;
  if (small && form.kind == NumberForm::Kind::Integer) return Json(static_cast<std::int64_t>(value));
  Buffer buffer;
  const auto high = static_cast<std::int64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(static_cast<UInt128>(value));
  return text_of(buffer, write_decimal128(buffer.data(), high, low, form.scale));
}

Json value_json(const NumberForm& form, double value) {
  if (form.kind == NumberForm::Kind::Float && std::isfinite(value)) {
    // The shortest digits of the 32-bit value, not those of its 64-bit neighbour.
    Buffer buffer;
    char* end = write_float(buffer.data(), static_cast<float>(value));
    *end = '\0';
    return Json(std::strtod(buffer.data(), nullptr));
  }
  return double_json(value);
}

Json sum_json(const NumberForm& form, const WideSum& sum) {
  const auto limbs = sum.limbs();
  if (form.kind == NumberForm::Kind::Integer && sum.fits_int64()) {
    return value_json(form, static_cast<std::int64_t>(limbs[0]));
  }
  Buffer buffer;
  return text_of(buffer, write_decimal256(buffer.data(), limbs, form.scale));
}

}  // namespace canvasback::analyse
