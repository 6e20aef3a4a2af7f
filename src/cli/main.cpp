// The only place that catches errors.

#include <exception>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/program.h"
#include "cli/signals.h"

int main(int argc, char** argv) {
  attn::handle_signals();
  const auto complain = [](const std::string& message) { attn::write_to_stderr("attn: " + message + "\n"); };
  try {
    attn::StandardOutput out;
    return attn::run_program(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), out);
  } catch (const attn::ClosedPipe&) {
    return 0;
  } catch (const attn::Error& error) {
    complain(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    complain("not enough memory");
  } catch (const std::exception& error) {
    complain(std::string("this should not have happened: ") + error.what());
  }
  return static_cast<int>(attn::ExitCode::failure);
}
