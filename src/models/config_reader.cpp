#include "models/config_reader.h"

#include <cmath>
#include <set>

namespace attn {

ConfigReader::ConfigReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  std::set<std::string_view> names;
  for (const auto& [key, value] : object.as_object(where_)) {
    if (!names.insert(key).second) fail(name(key), " appears twice");
  }
}

const Json* ConfigReader::find(std::string_view key) const {
  const Json* value = object_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void ConfigReader::missing(std::string_view key, std::string_view expected) const {
  fail(name(key), " is missing, expected ", expected);
}

void ConfigReader::reject(std::string_view key, std::string_view expected) const {
  const Json* value = object_.find(key);
  fail(name(key), ": found ", value == nullptr ? "nothing" : value->describe(), ", expected ", expected);
}

int ConfigReader::integer(std::string_view key, std::optional<int> otherwise) const {
  const Json* value = find(key);
  if (value == nullptr && otherwise) return *otherwise;
  if (value == nullptr) missing(key, "an integer");
  const std::int64_t found = value->as_int(name(key));
  if (found < 0 || found > std::numeric_limits<int>::max()) reject(key, "an integer from 0 to 2147483647");
  return static_cast<int>(found);
}

float ConfigReader::number(std::string_view key, std::optional<float> otherwise) const {
  const Json* value = find(key);
  if (value == nullptr && otherwise) return *otherwise;
  if (value == nullptr) missing(key, "a number");
  const double found = value->as_double(name(key));
  if (std::fabs(found) > std::numeric_limits<float>::max()) reject(key, "a number within the range of 32-bit floats");
  return static_cast<float>(found);
}

bool ConfigReader::flag(std::string_view key, std::optional<bool> otherwise) const {
  const Json* value = find(key);
  if (value == nullptr && otherwise) return *otherwise;
  if (value == nullptr) missing(key, "true or false");
  return value->as_bool(name(key));
}

std::string ConfigReader::word(std::string_view key, std::optional<std::string> otherwise) const {
  const Json* value = find(key);
  if (value == nullptr && otherwise) return *otherwise;
  if (value == nullptr) missing(key, "a string");
  return value->as_string(name(key));
}

std::vector<std::string> ConfigReader::words(std::string_view key) const {
  std::vector<std::string> result;
  const Json* value = find(key);
  if (value == nullptr) return result;
  for (const Json& element : value->as_array(name(key))) result.push_back(element.as_string(name(key)));
  return result;
}

std::optional<std::int32_t> ConfigReader::token(std::string_view key, int vocabulary,
                                                std::optional<std::int32_t> otherwise) const {
  std::optional<std::int64_t> id = otherwise;
  if (const Json* value = object_.find(key)) {
    if (value->is_array() && !value->as_array().empty()) value = &value->as_array().front();
    id.reset();
    if (!value->is_null()) id = value->as_int(name(key));
  }
  if (!id || *id < 0 || *id >= vocabulary) return std::nullopt;
  return static_cast<std::int32_t>(*id);
}

void ConfigReader::require_flag(std::string_view key, bool only) const {
  if (flag(key, only) != only) reject(key, only ? "true, the only form supported" : "false, the only form supported");
}

}  // namespace attn
