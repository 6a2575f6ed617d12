// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "report/embedded.hpp"
#include "report/measures.hpp"
#include "wire/json.hpp"

namespace ampacity::report {
namespace {

constexpr std::size_t most_points = 2'000;

// How a Content-Security-Policy names a script: 'sha256-<base64>'.
std::string hash_source(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 45> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  std::string out = "'sha256-";
  out.append(base64.begin(), base64.begin() + 44);
  return out + "'";
}

// The samples to draw: all, or evenly spaced ones with the last among them.
std::vector<const Sample*> thinned(const std::vector<Sample>& samples) {
  std::vector<const Sample*> out;
  const auto count = std::min(samples.size(), most_points);
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(&samples[count < 2 ? 0 : i * (samples.size() - 1) / (count - 1)]);
  }
  return out;
}

template <class Of>
void add_column(std::string& out, const char* name, const std::vector<const Sample*>& samples,
                Of of) {
  out += fmt::format("\"{}\":[", name);
  for (const auto* sample : samples) {
    if (out.back() != '[') out += ',';
    out += fmt::format("{}", of(*sample));
  }
  out += ']';
}

void add_site(std::string& out, std::size_t i, const std::vector<const Sample*>& samples) {
  out += '{';
  const auto column = [&](const char* name, std::int64_t SiteSample::*member) {
    if (out.back() != '{') out += ',';
    add_column(out, name, samples, [&](const Sample& s) { return s.sites[i].*member; });
  };
  column("used_gpus", &SiteSample::used_gpus);
  column("in_service_gpus", &SiteSample::in_service_gpus);
  column("it_w", &SiteSample::it_w);
  column("contracted_w", &SiteSample::contracted_w);
  column("energised_w", &SiteSample::energised_w);
  column("interconnection_w", &SiteSample::interconnection_w);
  column("price_micro_usd_mwh", &SiteSample::price_micro_usd_mwh);
  column("carbon_mg_kwh", &SiteSample::carbon_mg_kwh);
  out += '}';
}

// By column, not by row: a third of the bytes, and what the charts want.
std::string curves(const SimulationResult& result) {
  const auto samples = thinned(result.samples);
  std::string out = "{";
  add_column(out, "at_ms", samples, [](const Sample& s) { return s.at_ms; });
  out += ',';
  add_column(out, "waiting_jobs", samples, [](const Sample& s) { return s.waiting_jobs; });
  out += ',';
  add_column(out, "waiting_gpus", samples, [](const Sample& s) { return s.waiting_gpus; });
  out += ',';
  add_column(out, "largest_free_rack", samples,
             [](const Sample& s) { return s.largest_free_rack; });
  out += ',';
  add_column(out, "largest_free_site", samples,
             [](const Sample& s) { return s.largest_free_site; });
  out += ",\"classes\":[";
  for (std::size_t i = 0; i < result.size_classes.size(); ++i) {
    if (i > 0) out += ',';
    std::string column;
    add_column(column, "n", samples, [&](const Sample& s) { return s.waiting_by_class[i]; });
    out += column.substr(column.find('['));
  }
  out += "],\"sites\":[";
  for (std::size_t i = 0; i < result.sites.size(); ++i) {
    if (i > 0) out += ',';
    add_site(out, i, samples);
  }
  return out + "]}";
}

// What the page draws: the result without its samples, the curves, and the figures derived in
// report/measures.hpp, so that page.js defines none of its own. The seed is text: it may be more
// than the 2^53 that JavaScript counts to.
std::string page_data(const SimulationResult& result) {
  auto without = result;
  without.samples.clear();
  return fmt::format(
      R"({{"result":{},"curves":{},"samples":{},"seed":"{}","utilisation":{},"goodput":{},)"
      R"("cost_micro_usd":{},"all_gpu_ms":{}}})",
      json::to_json(without), curves(result), result.samples.size(), result.seed,
      utilisation(result.time), goodput(result.time), cost_micro_usd(result),
      all_gpu_ms(result.time));
}

// Fills the {{places}} of the frame in one pass: what is put in is not looked at again.
std::string filled(std::string_view frame,
                   const std::map<std::string, std::string_view, std::less<>>& places) {
  std::string out;
  while (true) {
    const auto open = frame.find("{{");
    const auto close = frame.find("}}", open == std::string_view::npos ? frame.size() : open);
    if (close == std::string_view::npos) break;
    out += frame.substr(0, open);
    const auto place = places.find(frame.substr(open + 2, close - open - 2));
    AMPACITY_ASSERT(place != places.end(), "page.html has a place that nobody fills: {}",
                    frame.substr(open, 20));
    out += place->second;
    frame.remove_prefix(close + 2);
  }
  out += frame;
  return out;
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string script_safe(std::string_view json) {
  // In JSON these stand only inside strings, where \u003c means the same.
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
  return out;
}

std::string html_page(const SimulationResult& result) {
  const auto title = html_escaped("Simulation of " + result.portfolio);
  const auto data = script_safe(page_data(result));
  const auto policy = fmt::format(
      "default-src 'none'; script-src {} {}; style-src {}; img-src data:; base-uri 'none'; "
      "form-action 'none'",
      hash_source(embedded::d3_min_js), hash_source(embedded::page_js),
      hash_source(embedded::page_css));
  return filled(embedded::page_html, {{"title", title},
                                      {"policy", policy},
                                      {"style", embedded::page_css},
                                      {"d3", embedded::d3_min_js},
                                      {"data", data},
                                      {"script", embedded::page_js}});
}

}  // namespace ampacity::report
