import Foundation

/// `OctavoBenchmarks [--markdown] [--pairs N] [--list] [NAME …]`: runs those named, or all.
@main
enum Main {
  static var benchmarks: [Benchmark] {
    [
      .replay, .strace, .recording, .recordingTouch, .buddy, .perCPU, .perCPUThreads, .boot,
      .areas, .translate, .accesses, .lackey, .traces, .walk, .mapRange, .tableHistory,
      .heapHistory,
    ] + Benchmark.kernelHeap + Benchmark.calls
  }

  static func main() {
    do {
      let request = try Request(CommandLine.arguments.dropFirst())
      request.listsOnly ? list() : try report(request)
    } catch {
      FileHandle.standardError.write(Data("OctavoBenchmarks: \(error)\n".utf8))
      exit(error is UsageError ? 64 : 69)
    }
  }

  private static func list() {
    for benchmark in benchmarks { print("\(benchmark.name)\t\(benchmark.question)") }
  }

  private static func report(_ request: Request) throws {
    let chosen = benchmarks.filter { request.names.isEmpty || request.names.contains($0.name) }
    let rows = try chosen.map { benchmark in
      FileHandle.standardError.write(Data("measuring \(benchmark.name)\n".utf8))
      return ResultRow(benchmark, try benchmark.measure(request.pairs))
    }
    let text =
      request.asMarkdown
      ? ResultText.markdown(rows, pairs: request.pairs) : ResultText.table(rows)
    print(text, terminator: "")
  }
}

/// What the command line asks for.
struct Request {
  var names: [String] = []
  var pairs = 9
  var asMarkdown = false
  var listsOnly = false

  /// - Throws: `UsageError` for an option or a name that does not exist.
  init(_ arguments: some Sequence<String>) throws {
    var rest = arguments.makeIterator()
    while let argument = rest.next() {
      switch argument {
      case "--markdown": asMarkdown = true
      case "--list": listsOnly = true
      case "--pairs":
        guard let count = rest.next().flatMap(Int.init), count > 0 else {
          throw UsageError(description: "--pairs takes a number from 1")
        }
        pairs = count
      case let name where Main.benchmarks.contains { $0.name == name }: names.append(name)
      default: throw UsageError(description: "no such option or benchmark: \(argument)")
      }
    }
  }
}

struct UsageError: Error, CustomStringConvertible {
  var description: String
}
