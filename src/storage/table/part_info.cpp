#include "storage/table/part_info.hpp"

#include "base/text.hpp"
#include "base/text_list.hpp"

namespace canvasback {

Json to_json(const PartInfo& info) {
  Json out;
  out.set("version", 1);
  out.set("kinds", to_json(info.kinds));
  out.set("records", info.records);
  out.set("time_us", info.time_us);
  Json requests = Json::Array{};
  for (const KeptRequest& request : info.requests) {
    Json entry;
    entry.set("key", request.key);
    entry.set("records", request.records);
    entry.set("quarantined", request.quarantined);
    entry.set("commit", request.commit);
    entry.set("time_us", request.time_us);
    if (!request.fingerprint.empty()) entry.set("fingerprint", request.fingerprint);
    if (!request.id.is_null()) entry.set("id", request.id);
    if (!request.record.empty()) entry.set("record", text_list(request.record));
    requests.push(std::move(entry));
  }
  out.set("requests", std::move(requests));
  Json firsts = Json::Array{};
  for (const FirstSeen& first : info.firsts) {
    firsts.push(Json::Array{Json(first.key), Json(std::uint64_t{first.kind}), Json(first.record)});
  }
  out.set("firsts", std::move(firsts));
  Json conflicts = Json::Array{};
  for (const Conflict& conflict : info.conflicts) conflicts.push(to_json(conflict));
  out.set("conflicts", std::move(conflicts));
  if (!info.deletes.empty()) {
    out.set("deletes", to_json(info.deletes));
  }
  if (info.keeps_older) out.set("keeps_older", true);
  if (info.id.empty() && info.covers.empty()) return out;
  out.set("id", info.id);
  Json covers = Json::Array{};
  for (const auto& [first, last] : info.covers) covers.push(Json::Array{Json(first), Json(last)});
  out.set("covers", std::move(covers));
  out.set("together", text_list(info.together));
  out.set("replaces", text_list(info.replaces));
  return out;
}

Json to_json(const std::vector<KeptDelete>& deletes) {
  Json out = Json::Array{};
  for (const KeptDelete& each : deletes) {
    Json entry;
    entry.set("fields", text_list(each.fields));
    entry.set("values", text_list(each.values));
    entry.set("time_us", each.time_us);
    out.push(std::move(entry));
  }
  return out;
}

std::vector<KeptDelete> kept_deletes_from_json(const Json& json) {
  std::vector<KeptDelete> out;
  for (const Json& entry : json.as_array()) {
    out.push_back({texts_of(entry.at("fields")), texts_of(entry.at("values")), entry.at("time_us").as_int()});
  }
  return out;
}

Json to_json(const Conflict& conflict) {
  Json out;
  out.set("commit", conflict.commit);
  out.set("record", conflict.record);
  out.set("key", conflict.key);
  out.set("old_type", conflict.old_type);
  out.set("new_type", conflict.new_type);
  return out;
}

PartInfo part_info_from_json(const Json& json) {
  PartInfo info;
  info.kinds = kinds_from_json(json.at("kinds"));
  info.records = json.at("records").as_int();
  info.time_us = json.at("time_us").as_int();
  for (const Json& entry : json.at("requests").as_array()) {
    info.requests.push_back({std::string(entry.at("key").as_string()), entry.at("records").as_int(),
                             entry.at("quarantined").as_int(), entry.at("commit").as_uint(),
                             entry.at("time_us").as_int(), std::string(entry.at("fingerprint").as_string()),
                             entry.at("id"), texts_of(entry.at("record"))});
  }
  for (const Json& entry : json.at("firsts").as_array()) {
    const auto& values = entry.as_array();
    if (values.size() != 3) continue;
    info.firsts.push_back(
        {std::string(values[0].as_string()), static_cast<std::uint32_t>(values[1].as_uint()), values[2].as_int()});
  }
  for (const Json& entry : json.at("conflicts").as_array()) {
    info.conflicts.push_back({entry.at("commit").as_uint(), entry.at("record").as_int(),
                              std::string(entry.at("key").as_string()), std::string(entry.at("old_type").as_string()),
                              std::string(entry.at("new_type").as_string())});
  }
  info.deletes = kept_deletes_from_json(json.at("deletes"));
  info.keeps_older = json.at("keeps_older").as_bool();
  info.id = json.at("id").as_string();
  for (const Json& range : json.at("covers").as_array()) {
    if (range.as_array().size() != 2) continue;
    info.covers.emplace_back(range.as_array()[0].as_uint(), range.as_array()[1].as_uint());
  }
  info.together = texts_of(json.at("together"));
  info.replaces = texts_of(json.at("replaces"));
  return info;
}

}  // namespace canvasback
