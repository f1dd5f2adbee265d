#include "service/collection/record_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iterator>

namespace canvasback {
namespace {

using std::string_view;

constexpr std::array kFirstNames{"Ann",  "Bob",  "Chen", "Dana", "Émile", "Fatima", "Goran", "Hana",  "Ivan",  "Jana",
                                 "Kofi", "Lena", "Mina", "Noor", "Olga",  "Pavel",  "Quinn", "Renée", "Søren", "Tomás"};
constexpr std::array kLastNames{"Smith", "Müller", "García", "Kowalski", "Nguyen", "Okafor", "Rossi",  "Sato",
                                "Silva", "Larsen", "Dubois", "Ivanova",  "Khan",   "Novák",  "Jensen", "Yılmaz"};
constexpr std::array kCountries{"US", "DE", "BR", "IN", "FR", "JP", "GB", "NG", "PL", "CZ", "ES", "TR"};
constexpr std::array kPlans{"free", "basic", "pro", "team"};
constexpr std::array kCurrencies{"USD", "EUR", "GBP", "JPY", "BRL"};
constexpr std::array kCategories{"groceries", "travel", "books", "electronics", "health", "home", "toys", "sports"};
constexpr std::array kStatuses{"completed", "completed", "completed", "completed", "pending", "failed", "refunded"};
constexpr std::array kLevels{"debug", "info", "info", "info", "info", "warning", "error"};
constexpr std::array kServices{"api", "auth", "billing", "search", "worker", "mailer"};
constexpr std::array kMessages{"request finished", "cache miss",   "user signed in",
                               "job started",      "job finished", "connection lost, trying again",
                               "payment accepted", "limit reached"};
constexpr std::array kAdjectives{"Small", "Large", "Red", "Blue", "Wooden", "Steel", "Light", "Classic", "Quiet"};
constexpr std::array kThings{"Lamp", "Chair", "Notebook", "Kettle", "Backpack", "Speaker", "Jacket", "Bicycle"};
constexpr std::array kSensorKinds{"temperature", "humidity", "pressure", "vibration"};

constexpr std::int64_t kFirstSecond = 1'735'689'600;  // 2025-01-01
constexpr std::uint64_t kSeconds = 400 * 86'400;

template <class Array>
string_view pick(const Array& values, std::uint64_t number) {
  return values[number % values.size()];
}

template <class... Args>
void append_to(std::string& out, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Args>(args)...);
}

}  // namespace

std::optional<RecordType> record_type_from(string_view name) {
  for (const auto& [known, type] : {std::pair<string_view, RecordType>{"user", RecordType::User},
                                    {"transaction", RecordType::Transaction},
                                    {"event", RecordType::Event},
                                    {"product", RecordType::Product},
                                    {"sensor", RecordType::Sensor}}) {
    if (known == name) return type;
  }
  return std::nullopt;
}

// SplitMix64: any number's sequence can be begun at once.
std::uint64_t RecordGenerator::next() {
  state_ += 0x9E3779B97F4A7C15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

double RecordGenerator::bell() {
  double sum = 0;
  for (int i = 0; i < 6; ++i) sum += unit();
  return (sum - 3) * std::sqrt(2.0);
}

void RecordGenerator::time(std::uint64_t number, std::string& out) {
  // Records come about three seconds apart and go round after the last day.
  const std::uint64_t second = (number * 3 + below(3)) % kSeconds;
  const std::int64_t since = kFirstSecond + static_cast<std::int64_t>(second);
  const std::chrono::sys_seconds at{std::chrono::seconds(since)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  append_to(out, "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z\"", static_cast<int>(date.year()),
            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
            clock.minutes().count(), clock.seconds().count(), below(1000));
}

void RecordGenerator::append(std::uint64_t number, std::string& out) {
  state_ = seed_ * 0xD1342543DE82EF95 + number * 0x2545F4914F6CDD1D + static_cast<std::uint64_t>(type_);
  next();
  switch (type_) {
    case RecordType::User: user(number, out); break;
    case RecordType::Transaction: transaction(number, out); break;
    case RecordType::Event: event(number, out); break;
    case RecordType::Product: product(number, out); break;
    case RecordType::Sensor: sensor(number, out); break;
  }
  out += "}\n";
}

void RecordGenerator::user(std::uint64_t number, std::string& out) {
  const string_view first = pick(kFirstNames, next());
  const string_view last = pick(kLastNames, next());
  append_to(out, R"({{"id":"user_{}","name":"{} {}","email":"user{}@example.com","country":"{}","age":{})", number,
            first, last, number, pick(kCountries, next()), 18 + below(60));
  append_to(out, R"(,"balance":{:.2f},"plan":"{}","active":{},"created_at":)", std::exp(4 + bell()),
            pick(kPlans, below(10) * below(10) / 25), below(10) < 8);
  time(number, out);
  if (below(3) > 0) append_to(out, R"(,"address":{{"city":"City {}","zip":"{:05}"}})", below(500), below(100'000));
}

void RecordGenerator::transaction(std::uint64_t number, std::string& out) {
  append_to(out, R"({{"id":"txn_{}","user_id":"user_{}","amount":{:.2f},"currency":"{}","category":"{}")", number,
            below(100'000), std::exp(3 + bell()), pick(kCurrencies, below(6) * below(6) / 8),
            pick(kCategories, next()));
  append_to(out, R"(,"status":"{}","quantity":{},"timestamp":)", pick(kStatuses, next()), 1 + below(5));
  time(number, out);
  if (below(20) == 0) append_to(out, R"(,"coupon":"SAVE{}")", 5 * (1 + below(6)));
}

void RecordGenerator::event(std::uint64_t number, std::string& out) {
  append_to(out, R"({{"id":"evt_{}","timestamp":)", number);
  time(number, out);
  const string_view level = pick(kLevels, next());
  append_to(out, R"(,"level":"{}","service":"{}","message":"{}","duration_ms":{:.3f})", level, pick(kServices, next()),
            pick(kMessages, next()), std::exp(2 + bell()));
  append_to(out, R"(,"metadata":{{"host":"host-{:02}","region":"eu-{}","retries":{}}})", below(40), 1 + below(3),
            below(10) < 9 ? 0 : below(5));
  if (level == "error")
    append_to(out, R"(,"error_code":{},"tags":["alert","{}"])", 500 + below(5), pick(kServices, next()));
}

void RecordGenerator::product(std::uint64_t number, std::string& out) {
  append_to(out, R"({{"id":"prod_{}","name":"{} {}","category":"{}","price":{:.2f},"rating":{:.1f},"reviews":{})",
            number, pick(kAdjectives, next()), pick(kThings, next()), pick(kCategories, next()), std::exp(3.5 + bell()),
            std::clamp(4 + 0.7 * bell(), 1.0, 5.0), static_cast<std::int64_t>(std::exp(3 + 1.5 * bell())));
  append_to(out, R"(,"in_stock":{},"inventory":{{"warehouse":"{}","count":{}}},"tags":["{}","{}"],"created_at":)",
            below(10) < 9, pick(kCountries, next()), below(1000), pick(kAdjectives, next()), pick(kCategories, next()));
  time(number, out);
}

void RecordGenerator::sensor(std::uint64_t number, std::string& out) {
  const std::uint64_t device = below(2000);
  append_to(out, R"({{"id":"read_{}","sensor_id":"sensor_{:04}","kind":"{}","timestamp":)", number, device,
            pick(kSensorKinds, device));
  time(number, out);
  append_to(out, R"(,"value":{:.4f},"battery":{},"location":{{"lat":{:.6f},"lon":{:.6f}}})", 20 + 5 * bell(),
            100 - static_cast<int>(device % 60), static_cast<double>(device % 180) - 90 + unit() / 100,
            static_cast<double>(device % 360) - 180 + unit() / 100);
  if (below(50) == 0) append_to(out, R"(,"anomaly":true)");
}

}  // namespace canvasback
