#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "models/processing/calibrate/corpus.h"
#include "sim/base/random.h"

namespace headroom::processing::calibrate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 100'000;

/// The contents of an ordinary file: never waits for a pipe, never follows a file that grows for ever.
std::optional<std::string> contents(const fs::path& file, double most, std::string& why) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    why = std::string("it cannot be read: ") + std::strerror(errno);
    return std::nullopt;
  }
  std::string text;
  struct stat info{};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    why = "this is no ordinary file";
  } else if (static_cast<double>(info.st_size) > most) {
    why = std::to_string(info.st_size / 1'000'000) + " MB are more than the limit of " +
          std::to_string(static_cast<std::int64_t>(most / 1e6)) + " MB";
  } else {
    std::array<char, 65536> part{};
    ssize_t n = 0;
    while ((n = read(fd, part.data(), part.size())) > 0 && static_cast<double>(text.size()) <= most)
      text.append(part.data(), static_cast<std::size_t>(n));
    if (n < 0) why = std::string("it cannot be read: ") + std::strerror(errno);
  }
  close(fd);
  if (!why.empty()) return std::nullopt;
  return text;
}

/// All files below a folder, by name; folders that cannot be read are said.
std::vector<fs::path> files_below(const fs::path& folder, OwnImages& out) {
  std::vector<fs::path> files;
  std::vector<fs::path> open = {folder};
  while (!open.empty() && files.size() < kMostFiles) {
    const fs::path here = open.back();
    open.pop_back();
    std::error_code error;
    fs::directory_iterator it(here, error);
    if (error) out.skipped.push_back({here.string(), "the folder cannot be read: " + error.message()});
    for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      const auto status = it->symlink_status(ignored);
      if (fs::is_directory(status)) {
        open.push_back(it->path());
      } else if (fs::is_symlink(status) && it->is_directory(ignored)) {
        out.skipped.push_back({it->path().string(), "links to folders are not followed"});
      } else {
        files.push_back(it->path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

OwnImages read_folder(const std::string& folder, const OwnLimits& limits,
                      const std::function<void(double)>& progress) {
  OwnImages out;
  std::vector<fs::path> files = files_below(folder, out);
  // In random order, so that limits cut nothing but the number.
  Engine draw = (StreamKey(limits.seed) / "own images").engine();
  for (std::size_t i = files.size(); i > 1; --i) {
    const auto j = static_cast<std::size_t>(uniform_below(draw, i));
    std::swap(files[i - 1], files[j]);
  }
  std::map<Encoding, int> taken;
  std::map<std::string, std::string> seen;
  double bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (progress) progress(static_cast<double>(i) / static_cast<double>(files.size()));
    const std::string name = files[i].string();
    if (const auto known = limits.left_out.find(name); known != limits.left_out.end()) {
      out.skipped.push_back({name, known->second});
      continue;
    }
    std::string why;
    auto text = contents(files[i], limits.most_file_bytes, why);
    if (!text) {
      out.skipped.push_back({name, why});
      continue;
    }
    auto found = identify(name, std::move(*text), limits.most_pixels);
    if (const auto* problem = std::get_if<Problem>(&found)) {
      out.skipped.push_back({name, problem->why});
      continue;
    }
    auto& image = std::get<Encoded>(found);
    const auto size = static_cast<double>(image.bytes.size());
    const auto [first, is_new] = seen.emplace(fingerprint({image}), name);
    if (!is_new) {
      out.skipped.push_back({name, "the same as " + first->second});
      continue;
    }
    if (taken[image.encoding] >= limits.most_images || bytes + size > limits.most_bytes) {
      ++out.left_out;
      continue;
    }
    const auto tried = convert(
        image,
        {Operation::resize, image.encoding == Encoding::avif ? Encoding::jpeg : image.encoding, 80, 64});
    if (const auto* problem = std::get_if<Problem>(&tried)) {
      out.skipped.push_back({name, problem->why});
      continue;
    }
    ++taken[image.encoding];
    bytes += size;
    out.images.push_back(std::move(image));
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(out.images.begin(), out.images.end(), by_name);
  std::sort(out.skipped.begin(), out.skipped.end(),
            [](const auto& a, const auto& b) { return a.file < b.file; });
  return out;
}

}  // namespace headroom::processing::calibrate
